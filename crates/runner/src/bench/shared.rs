//! What several checks of a run judge: it is looked at once.

use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::Bench;
use crate::Trouble;

/// What checks of a run have seen for each other, by name.
#[derive(Default)]
pub(crate) struct Sights(Mutex<BTreeMap<&'static str, Arc<OnceCell<Sight>>>>);

/// What one check saw, or why it saw nothing.
struct Sight {
    seen: Result<Arc<dyn Any + Send + Sync>, Trouble>,
    /// What befell whoever saw it.
    in_vain: bool,
    stumbled: bool,
    cut: bool,
    /// Whether it was seen in a process that other checks had used.
    used: bool,
}

impl Sights {
    fn named(&self, name: &'static str) -> Arc<OnceCell<Sight>> {
        let mut sights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(sights.entry(name).or_default())
    }
}

impl Bench {
    /// What `look` sees, or what it saw for another check of the run, which is waited for; who is tried again looks for
    /// itself. Exchanges are evidence of whoever looked: [`Bench::note`] those that a verdict rests on.
    pub async fn shared<T, F>(
        &self,
        name: &'static str,
        look: impl FnOnce() -> F,
    ) -> Result<Arc<T>, Trouble>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<T, Trouble>>,
    {
        if self.tried > 0 {
            return look().await.map(Arc::new);
        }
        let sight = self.context.sights.named(name);
        let sight = sight
            .get_or_init(|| async {
                let seen = look().await.map(|t| Arc::new(t) as Arc<dyn Any + Send + Sync>);
                let watch = self.watch();
                let (in_vain, stumbled) = (watch.waited_in_vain(), watch.saw_a_failure());
                let (cut, used) = (watch.saw_a_cut(), watch.shared_a_process());
                Sight { seen, in_vain, stumbled, cut, used }
            })
            .await;
        self.watch().shares(sight.in_vain, sight.stumbled, sight.cut);
        if sight.used {
            self.watch().used_what_another_used();
        }
        let seen = sight.seen.clone()?;
        seen.downcast().map_err(|_| Trouble::Setup(format!("two checks call a sight `{name}`")))
    }
}
