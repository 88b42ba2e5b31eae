//! Looks at the relay again and again, for charts, objectives and alerts.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::Admin;
use super::alerts::Alerts;
use super::history::{History, STEP};
use super::sample::Sample;

/// What was seen.
#[derive(Default)]
pub struct Watch {
    /// The last day.
    pub history: History,
    /// What is wrong.
    pub alerts: Alerts,
}

/// Looks as long as the relay runs, the first time at once: counters begin at 0 there.
pub async fn watch(admin: Arc<Admin>) {
    let mut looks = tokio::time::interval(Duration::from_millis(STEP));
    // A machine that slept does not make up for it.
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        looks.tick().await;
        admin.look().await;
    }
}

impl Admin {
    /// Takes a sample.
    pub(super) async fn look(self: &Arc<Self>) {
        self.exporter.measure().await;
        let admin = Arc::clone(self);
        let work = move || {
            let (steady, now) = (admin.clock.steady(), admin.clock.now());
            let sample = Sample::of(steady, &admin.exporter.metrics.gather());
            admin.seen(|watch| {
                watch.history.push(sample);
                let Watch { history, alerts } = watch;
                alerts.look(history, steady, now);
            });
        };
        if let Err(error) = tokio::task::spawn_blocking(work).await {
            tracing::error!(%error, "the relay could not look at itself");
        }
    }

    /// What was seen.
    pub(super) fn seen<T>(&self, use_it: impl FnOnce(&mut Watch) -> T) -> T {
        use_it(&mut self.watch.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
