//! A deadline that is moved with each request and seldom reached.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

/// A deadline, or none.
///
/// Moving it to later does not touch its timer, which is set anew when it has fired too early: a
/// request costs no operation on the runtime's timers.
pub struct Deadline {
    at: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    /// Makes a deadline.
    pub fn new(at: Instant) -> Self {
        Self { at: Some(at), timer: None }
    }

    /// Moves the deadline.
    pub fn set(&mut self, at: Instant) {
        self.at = Some(at);
    }

    /// Removes the deadline, until it is set again.
    pub fn clear(&mut self) {
        self.at = None;
    }

    /// Gives back the memory of a timer that has fired, if the deadline does not hold for now.
    pub fn suspend(&mut self) {
        self.timer.take_if(|timer| timer.is_elapsed());
    }

    /// Waits until the deadline has passed.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else { return Poll::Pending };
        loop {
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
            if timer.deadline() > at || timer.is_elapsed() {
                timer.as_mut().reset(at);
            }
            let set_for = timer.deadline();
            ready!(timer.as_mut().poll(context));
            if set_for == at {
                return Poll::Ready(());
            }
        }
    }
}
