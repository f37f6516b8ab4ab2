//! The tests of the binary, and the laws that it is held to: one program, so that what waits in one test does so while others
//! work. What measures time and memory is apart (`bounds.rs`).

mod attacks;
mod certify;
mod command_line;
mod echo;
mod editions;
mod endings;
mod guarantees;
mod interrupted;
mod judging;
mod laws;
mod listening;
mod load;
mod login;
mod messages;
mod migrate;
mod migration_example;
mod mock;
mod own_answers;
mod secrets;
