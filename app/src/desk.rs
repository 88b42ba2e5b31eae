//! The operator's page's middle: feeds events to `operating`, asks the relay, and publishes what is
//! known.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use leptos::prelude::*;
use operating::{
    Access, Act, ActState, Effect, Event, Form, Intent, LogBook, Login, Model, Now, Page, Reach,
    Slot, Trail,
};
use protocol::admin::{
    Block, Collection, History, Job, MadeToken, Scope, Session, Setting, Status, Swarm, Telemetry,
    Token,
};

use crate::shell::{document, http};

/// How often the model hears of the time.
const TICK_MILLIS: u32 = 500;

/// Handle to the middle; copied into every view.
#[derive(Clone, Copy)]
pub struct Desk {
    model: StoredValue<Rc<RefCell<Model>>, LocalStorage>,
    /// Who is in.
    pub access: RwSignal<Access>,
    /// Whether the relay answers.
    pub reach: RwSignal<Reach>,
    /// The form of the password.
    pub login: RwSignal<Login>,
    /// How what was asked for goes.
    pub acts: RwSignal<BTreeMap<Form, ActState>>,
    /// Hours that are shown.
    pub hours: RwSignal<u32>,
    /// The log is followed.
    pub is_following: RwSignal<bool>,
    /// Seconds of the steady clock, and milliseconds since 1970 at their beginning.
    pub now: RwSignal<(u64, u64)>,
    /// How the relay is.
    pub status: RwSignal<Slot<Status>>,
    /// Its last hours.
    pub history: RwSignal<Slot<History>>,
    /// What is published.
    pub collections: RwSignal<Slot<Vec<Collection>>>,
    /// Work.
    pub jobs: RwSignal<Slot<Vec<Job>>>,
    /// Torrents with peers.
    pub swarms: RwSignal<Slot<Vec<Swarm>>>,
    /// What is blocked.
    pub blocks: RwSignal<Slot<Vec<Block>>>,
    /// What beacons told.
    pub telemetry: RwSignal<Slot<Telemetry>>,
    /// Options in force.
    pub configuration: RwSignal<Slot<Vec<Setting>>>,
    /// The log.
    pub logs: RwSignal<Slot<LogBook>>,
    /// What was done.
    pub audit: RwSignal<Slot<Trail>>,
    /// Who is logged in.
    pub sessions: RwSignal<Slot<Vec<Session>>>,
    /// Keys for programs.
    pub tokens: RwSignal<Slot<Vec<Token>>>,
    /// The key that was just made.
    pub made_token: RwSignal<Option<MadeToken>>,
}

/// The middle, from any view of the operator's page.
#[must_use]
pub fn use_desk() -> Desk {
    expect_context::<Desk>()
}

fn publish<T: PartialEq + Clone + Send + Sync + 'static>(signal: RwSignal<T>, value: &T) {
    if signal.with_untracked(|old| old != value) {
        signal.set(value.clone());
    }
}

impl Desk {
    /// Asks who is in, and begins to listen.
    #[must_use]
    pub fn start() -> Self {
        let model = Model::default();
        let desk = Self {
            access: RwSignal::new(model.access().clone()),
            reach: RwSignal::new(model.reach()),
            login: RwSignal::new(model.login()),
            acts: RwSignal::default(),
            hours: RwSignal::new(model.hours()),
            is_following: RwSignal::new(model.is_following()),
            now: RwSignal::new((0, document::wall_millis())),
            status: RwSignal::default(),
            history: RwSignal::default(),
            collections: RwSignal::default(),
            jobs: RwSignal::default(),
            swarms: RwSignal::default(),
            blocks: RwSignal::default(),
            telemetry: RwSignal::default(),
            configuration: RwSignal::default(),
            logs: RwSignal::default(),
            audit: RwSignal::default(),
            sessions: RwSignal::default(),
            tokens: RwSignal::default(),
            made_token: RwSignal::default(),
            model: StoredValue::new_local(Rc::new(RefCell::new(model))),
        };
        desk.send(Event::Opened);
        gloo::timers::callback::Interval::new(TICK_MILLIS, move || desk.send(Event::Tick)).forget();
        document::watch_seen(move |is_seen| desk.send(Event::Seen(is_seen)));
        desk
    }

    /// The operator wants something.
    pub fn wish(self, intent: Intent) {
        self.send(Event::Wish(intent));
    }

    /// Something is to be done.
    pub fn act(self, act: Act) {
        self.wish(Intent::Do(act));
    }

    /// A page is shown.
    pub fn goes(self, page: Page) {
        self.send(Event::Goes(page));
    }

    /// Whether the session may do this.
    #[must_use]
    pub fn may(self, scope: Scope) -> bool {
        self.access.track();
        self.model.get_value().borrow().may(scope)
    }

    /// How something that was asked for goes.
    #[must_use]
    pub fn form(self, form: Form) -> Memo<ActState> {
        Memo::new(move |_| {
            self.acts
                .with(|acts| acts.get(&form).cloned().unwrap_or_default())
        })
    }

    /// Milliseconds since 1970, anew every second.
    #[must_use]
    pub fn wall_millis(self) -> u64 {
        self.now.get().1
    }

    fn send(self, event: Event) {
        let now = Now {
            steady_millis: document::now_millis(),
            wall_millis: document::wall_millis(),
        };
        let model = self.model.get_value();
        let effects = model.borrow_mut().update(now, event);
        for Effect::Ask(ticket, request) in effects {
            leptos::task::spawn_local(async move {
                let answer = http::ask(&request).await;
                self.send(Event::Answered(ticket, answer));
            });
        }
        let second = now.steady_millis / 1_000;
        if self.now.with_untracked(|(known, _)| *known != second) {
            self.now.set((second, now.wall_millis));
        }
        // Views may ask the model while they are told.
        let model = model.borrow();
        publish(self.reach, &model.reach());
        publish(self.login, &model.login());
        publish(self.acts, model.acts());
        publish(self.hours, &model.hours());
        publish(self.is_following, &model.is_following());
        publish(self.status, &model.status);
        publish(self.history, &model.history);
        publish(self.collections, &model.collections);
        publish(self.jobs, &model.jobs);
        publish(self.swarms, &model.swarms);
        publish(self.blocks, &model.blocks);
        publish(self.telemetry, &model.telemetry);
        publish(self.configuration, &model.configuration);
        publish(self.logs, &model.logs);
        publish(self.audit, &model.audit);
        publish(self.sessions, &model.sessions);
        publish(self.tokens, &model.tokens);
        publish(self.made_token, &model.made_token);
        publish(self.access, model.access());
    }
}
