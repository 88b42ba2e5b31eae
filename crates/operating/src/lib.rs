//! The admin page's brain: who is logged in, what is asked of the relay and when, what came of it.
//!
//! [`Model::update`] takes an [`Event`] and the time and returns [`Effect`]s; the page runs them and
//! renders what the model holds. Nothing here reads a clock or touches a browser, and nothing here
//! has words: those are in the views, which translate them.
//!
//! Nothing is assumed to have worked: a change is shown when the relay has confirmed it, by asking
//! again for what it changed.
#![forbid(unsafe_code)]

mod act;
mod answer;
pub mod chart;
pub mod clock;
pub mod histogram;
mod log_book;
mod model;
mod slot;
mod state;
mod topic;
mod trail;

pub use act::{Act, Form, Method, Request};
pub use answer::{Answer, Trouble};
pub use log_book::{Level, LogBook};
pub use model::Model;
pub use slot::Slot;
pub use state::{Access, ActState, Effect, Event, Intent, Login, Now, Reach, Ticket};
pub use topic::{Page, Topic};
pub use trail::Trail;
