//! The second copy of the preferences, and what other tabs make of them.

use protocol::keep::Request;

use crate::model::Model;
use crate::preferences::{Preferences, merge};
use crate::swarm::SwarmIntent;

impl Model {
    /// The second copy of the preferences: helps where the first is lost or damaged.
    pub(super) fn copy_is_here(&mut self, copy: Option<String>) {
        let Some(found) = self.shelf.first_preferences.take() else {
            return;
        };
        let (known, repairs) = Preferences::load(&found);
        if let Some(copy) = copy
            && (found.trim().is_empty() || !repairs.is_empty())
        {
            let (whole, _) = Preferences::load_with_copy(&found, &copy);
            let place = self.preferences.last.or(whole.last);
            let merged = merge(&known.save(), &self.preferences.save(), &whole.save());
            self.preferences_elsewhere(&merged);
            self.preferences.last = place;
            self.keep();
        } else {
            let text = self.preferences.save();
            self.keep_ask(Request::Preferences { text });
        }
    }

    /// Another tab, or a file, has other preferences.
    pub(crate) fn preferences_elsewhere(&mut self, text: &str) {
        let (mut other, _) = Preferences::load(text);
        other.last = self.preferences.last;
        if other == self.preferences {
            return;
        }
        let old = core::mem::replace(&mut self.preferences, other);
        self.saved = self.preferences.save();
        self.send_volume();
        self.send_level();
        if old.sort != self.preferences.sort {
            self.list.prefer(self.preferences.sort);
            self.list.forget();
            self.fetch_rows();
        }
        if old.overrides != self.preferences.overrides {
            self.send_overrides();
        }
        if old.swarm != self.preferences.swarm {
            self.swarm_wish(SwarmIntent::Choose(self.preferences.swarm));
        }
    }
}
