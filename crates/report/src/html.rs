//! x
/// x
pub fn render(_: &plumb_model::Report) -> String {
    String::new()
}
