//! The model: sessions, polling, and what comes of what the operator does.

use std::collections::{BTreeMap, BTreeSet};

use protocol::admin::{
    Audit, Block, Collection, History, Job, JobState, Logs, MadeToken, Scope, Session, Setting,
    Status, Swarm, Telemetry, Token, Who,
};

use crate::topic::WORKING;
use crate::{
    Access, Act, ActState, Answer, Effect, Event, Form, Intent, LogBook, Login, Method, Now, Page,
    Reach, Request, Slot, Ticket, Topic, Trail, Trouble,
};

/// Longest wait between two tries to reach the relay.
const LONGEST_WAIT: u64 = 15_000;
const HOUR: u64 = 3_600_000;
/// How long a question may go without an answer before it is asked again.
const PATIENCE: u64 = 30_000;

#[derive(Clone, PartialEq, Eq)]
enum Asked {
    Who,
    Topic(Topic),
    Older,
    Act(Act),
}

/// The admin page.
pub struct Model {
    now: Now,
    page: Page,
    is_seen: bool,
    access: Access,
    reach: Reach,
    locked_until: u64,
    login_trouble: Option<Trouble>,
    tickets: BTreeMap<Ticket, (Asked, u64)>,
    next_ticket: Ticket,
    /// When a topic was asked for last.
    asked_at: BTreeMap<Topic, u64>,
    /// What is to be asked for although its time has not come.
    wanted: BTreeSet<Topic>,
    /// What is being asked for.
    pending: BTreeSet<Topic>,
    acts: BTreeMap<Form, ActState>,
    /// Whether the session goes on is to be asked.
    asks_who: bool,
    hours: u32,
    /// The operator has chosen how many hours are shown.
    is_hours_chosen: bool,
    is_following: bool,
    log_after: u64,
    /// How the relay is.
    pub status: Slot<Status>,
    /// Its last hours.
    pub history: Slot<History>,
    /// What is published.
    pub collections: Slot<Vec<Collection>>,
    /// Work.
    pub jobs: Slot<Vec<Job>>,
    /// Torrents with peers.
    pub swarms: Slot<Vec<Swarm>>,
    /// What is blocked.
    pub blocks: Slot<Vec<Block>>,
    /// What beacons told.
    pub telemetry: Slot<Telemetry>,
    /// Options in force.
    pub configuration: Slot<Vec<Setting>>,
    /// The log.
    pub logs: Slot<LogBook>,
    /// What was done.
    pub audit: Slot<Trail>,
    /// Who is logged in.
    pub sessions: Slot<Vec<Session>>,
    /// Keys for programs.
    pub tokens: Slot<Vec<Token>>,
    /// The key that was just made.
    pub made_token: Option<MadeToken>,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            now: Now::default(),
            page: Page::default(),
            is_seen: true,
            access: Access::Asking,
            reach: Reach::Here,
            locked_until: 0,
            login_trouble: None,
            tickets: BTreeMap::new(),
            next_ticket: 1,
            asked_at: BTreeMap::new(),
            wanted: BTreeSet::new(),
            pending: BTreeSet::new(),
            acts: BTreeMap::new(),
            asks_who: false,
            hours: 24,
            is_hours_chosen: false,
            is_following: true,
            log_after: 0,
            status: Slot::default(),
            history: Slot::default(),
            collections: Slot::default(),
            jobs: Slot::default(),
            swarms: Slot::default(),
            blocks: Slot::default(),
            telemetry: Slot::default(),
            configuration: Slot::default(),
            logs: Slot::default(),
            audit: Slot::default(),
            sessions: Slot::default(),
            tokens: Slot::default(),
            made_token: None,
        }
    }
}

impl Model {
    /// Who is in.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Whether the relay answers.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// Hours that are shown.
    #[must_use]
    pub fn hours(&self) -> u32 {
        self.hours
    }

    /// The log is followed.
    #[must_use]
    pub fn is_following(&self) -> bool {
        self.is_following
    }

    /// How what was asked for goes, by where it was asked.
    #[must_use]
    pub fn acts(&self) -> &BTreeMap<Form, ActState> {
        &self.acts
    }

    /// The form of the password.
    #[must_use]
    pub fn login(&self) -> Login {
        let is_busy = self
            .tickets
            .values()
            .any(|(asked, _)| matches!(asked, Asked::Act(Act::Login(_))));
        let left = self.locked_until.saturating_sub(self.now.steady_millis);
        Login {
            is_busy,
            trouble: self.login_trouble.clone(),
            locked_seconds: u32::try_from(left.div_ceil(1_000)).unwrap_or(u32::MAX),
        }
    }

    /// Whether the session may do this.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        match &self.access {
            Access::In(who) | Access::Over(who) => who.scopes.contains(&scope),
            Access::Asking | Access::Out { .. } => false,
        }
    }

    /// Takes an event, and returns what is to be done.
    pub fn update(&mut self, now: Now, event: Event) -> Vec<Effect> {
        self.now = now;
        let mut effects = Vec::new();
        match event {
            Event::Opened => self.ask(Asked::Who, &mut effects),
            Event::Tick => self.forget_unanswered(),
            Event::Seen(is_seen) => {
                // What is looked at again should be new.
                if is_seen && !self.is_seen {
                    self.want_page();
                }
                self.is_seen = is_seen;
            }
            Event::Goes(page) => {
                if page != self.page {
                    self.page = page;
                    self.want_page();
                }
            }
            Event::Wish(intent) => self.wish(intent, &mut effects),
            Event::Answered(ticket, answer) => {
                if let Some((asked, _)) = self.tickets.remove(&ticket) {
                    self.answered(asked, &answer);
                }
            }
        }
        self.poll(&mut effects);
        effects
    }

    fn ask(&mut self, asked: Asked, effects: &mut Vec<Effect>) {
        let request = match &asked {
            Asked::Who => Request::new(Method::Get, "session", None),
            Asked::Topic(topic) => topic.request(self.hours, self.log_after),
            Asked::Older => {
                let oldest = self.audit.value.as_ref().and_then(|trail| trail.oldest());
                let path = format!("audit?before={}", oldest.unwrap_or(i64::MAX));
                Request::new(Method::Get, &path, None)
            }
            Asked::Act(act) => act.request(),
        };
        let ticket = self.next_ticket;
        self.next_ticket = self.next_ticket.wrapping_add(1);
        self.tickets.insert(ticket, (asked, self.now.steady_millis));
        effects.push(Effect::Ask(ticket, request));
    }

    fn want_page(&mut self) {
        let topics = self.page.topics().iter().map(|(topic, _)| *topic);
        self.wanted.extend(topics);
    }

    /// Asks for what the page shows and whose time has come.
    fn poll(&mut self, effects: &mut Vec<Effect>) {
        let now = self.now.steady_millis;
        let is_asked =
            |model: &Self, wanted: &Asked| model.tickets.values().any(|(asked, _)| asked == wanted);
        if let Reach::Away { again_millis, .. } = self.reach {
            // One question is enough to learn that it is back.
            if now >= again_millis && !is_asked(self, &Asked::Who) {
                self.ask(Asked::Who, effects);
            }
            return;
        }
        if std::mem::take(&mut self.asks_who) && !is_asked(self, &Asked::Who) {
            self.ask(Asked::Who, effects);
        }
        if !matches!(self.access, Access::In(_)) || !self.is_seen {
            return;
        }
        if self.page.is_for_managers() && !self.may(Scope::Manage) {
            return;
        }
        for (topic, every) in self.page.topics().iter().copied() {
            let stands = topic == Topic::Logs && !self.is_following;
            let every = match topic {
                Topic::Jobs if self.is_working() => WORKING,
                _ => every,
            };
            let asked_at = self.asked_at.get(&topic);
            let is_due = asked_at.is_none_or(|at| now.saturating_sub(*at) >= every);
            let wants = self.wanted.contains(&topic) || is_due;
            if wants && !stands && !self.pending.contains(&topic) {
                self.wanted.remove(&topic);
                self.pending.insert(topic);
                self.asked_at.insert(topic, now);
                self.ask(Asked::Topic(topic), effects);
            }
        }
    }

    fn is_working(&self) -> bool {
        let at_work = |job: &Job| matches!(job.state, JobState::Waiting | JobState::Running);
        self.jobs
            .value
            .as_ref()
            .is_some_and(|jobs| jobs.iter().any(at_work))
    }

    /// A question that nobody answers is one that the relay has not got.
    fn forget_unanswered(&mut self) {
        let now = self.now.steady_millis;
        let late: Vec<Ticket> = self
            .tickets
            .iter()
            .filter(|(_, (_, since))| now.saturating_sub(*since) > PATIENCE)
            .map(|(ticket, _)| *ticket)
            .collect();
        for ticket in late {
            if let Some((asked, _)) = self.tickets.remove(&ticket) {
                self.answered(asked, &Answer::Nothing);
            }
        }
    }

    fn wish(&mut self, intent: Intent, effects: &mut Vec<Effect>) {
        match intent {
            Intent::Do(act) => self.start(act, effects),
            Intent::Hours(hours) => {
                self.is_hours_chosen = true;
                self.show_hours(hours);
            }
            Intent::Follow(follows) => self.is_following = follows,
            Intent::Older => {
                let is_asked = self
                    .tickets
                    .values()
                    .any(|(asked, _)| *asked == Asked::Older);
                if !is_asked {
                    self.ask(Asked::Older, effects);
                }
            }
            Intent::Forget(form) => {
                if form == Form::Token {
                    self.made_token = None;
                }
                if let Some(state) = self.acts.get_mut(&form) {
                    state.trouble = None;
                }
            }
            Intent::Retry => {
                if let Reach::Away { again_millis, .. } = &mut self.reach {
                    *again_millis = self.now.steady_millis;
                }
                self.want_page();
            }
        }
    }

    fn show_hours(&mut self, hours: u32) {
        if hours != self.hours {
            self.hours = hours;
            self.wanted.insert(Topic::History);
            // An answer that is under way is of other hours.
            self.drop_questions(|asked| *asked == Asked::Topic(Topic::History));
        }
    }

    /// As long as nobody chooses, the chart is about as long as the relay remembers.
    fn fit_hours(&mut self) {
        let status = self.status.value.as_ref();
        let up = status.map(|status| status.now_millis.saturating_sub(status.started_millis));
        if let (Some(up), false) = (up, self.is_hours_chosen) {
            self.show_hours(match up / HOUR {
                0 => 1,
                1..6 => 6,
                _ => 24,
            });
        }
    }

    fn start(&mut self, act: Act, effects: &mut Vec<Effect>) {
        let is_login = matches!(act, Act::Login(_));
        if is_login {
            if self.login().is_busy || self.locked_until > self.now.steady_millis {
                return;
            }
            self.login_trouble = None;
        } else {
            // The page offers nothing else; this is the rule behind it.
            if act.scope().is_some_and(|scope| !self.may(scope)) {
                return;
            }
            let state = self.acts.entry(act.form()).or_default();
            if state.is_busy {
                return;
            }
            state.is_busy = true;
            state.trouble = None;
        }
        self.ask(Asked::Act(act), effects);
    }

    fn drop_questions(&mut self, fits: impl Fn(&Asked) -> bool) {
        let pending = &mut self.pending;
        self.tickets.retain(|_, (asked, _)| {
            let goes = fits(asked);
            if let (true, Asked::Topic(topic)) = (goes, &*asked) {
                pending.remove(topic);
            }
            !goes
        });
    }

    fn answered(&mut self, asked: Asked, answer: &Answer) {
        if let Asked::Topic(topic) = &asked {
            self.pending.remove(topic);
        }
        match answer.good() {
            Err(Trouble::Away) => self.is_away(),
            _ => self.is_here(),
        }
        match asked {
            Asked::Who => self.is_told_who(answer),
            Asked::Topic(topic) => {
                if let Err(trouble) = self.take(topic, answer) {
                    self.refused(topic, trouble);
                }
            }
            Asked::Older => match answer.read::<Audit>() {
                Ok(told) => {
                    let mut trail = self.audit.value.as_deref().cloned().unwrap_or_default();
                    trail.take_older(told);
                    self.audit.fill(trail, self.now.wall_millis);
                }
                Err(trouble) => self.refused(Topic::Audit, trouble),
            },
            Asked::Act(act) => self.acted(&act, answer),
        }
    }

    fn is_away(&mut self) {
        let Now {
            steady_millis,
            wall_millis,
        } = self.now;
        let (since_millis, tries) = match self.reach {
            Reach::Here => (wall_millis, 0),
            // Several questions that were under way fail as one.
            Reach::Away { again_millis, .. } if steady_millis < again_millis => return,
            Reach::Away {
                since_millis,
                tries,
                ..
            } => (since_millis, tries),
        };
        let wait = (1_000_u64 << tries.min(8)).min(LONGEST_WAIT);
        self.reach = Reach::Away {
            since_millis,
            tries: tries + 1,
            again_millis: steady_millis + wait,
        };
    }

    fn is_here(&mut self) {
        // What was said of a try that did not reach it is no longer so.
        self.login_trouble
            .take_if(|trouble| *trouble == Trouble::Away);
        if self.reach != Reach::Here {
            self.reach = Reach::Here;
            self.want_page();
        }
    }

    fn is_told_who(&mut self, answer: &Answer) {
        match answer.read::<Who>() {
            Ok(who) => self.lets_in(who),
            Err(Trouble::Away) => {}
            Err(Trouble::Out { .. }) => self.is_out(),
            Err(trouble) => {
                self.login_trouble = Some(trouble);
                self.is_out();
            }
        }
    }

    fn lets_in(&mut self, who: Who) {
        self.login_trouble = None;
        self.locked_until = 0;
        self.access = Access::In(who);
        self.want_page();
    }

    /// Nobody is in any more: who was finds the page as it was.
    fn is_out(&mut self) {
        self.access = match std::mem::replace(&mut self.access, Access::Asking) {
            Access::In(who) | Access::Over(who) => Access::Over(who),
            Access::Asking => Access::Out { has_left: false },
            Access::Out { has_left } => Access::Out { has_left },
        };
        self.drop_questions(|asked| matches!(asked, Asked::Topic(_) | Asked::Older));
    }

    fn take(&mut self, topic: Topic, answer: &Answer) -> Result<(), Trouble> {
        let at = self.now.wall_millis;
        match topic {
            Topic::Status => {
                self.status.fill(answer.read()?, at);
                self.fit_hours();
            }
            Topic::History => self.history.fill(answer.read()?, at),
            Topic::Collections => self.collections.fill(answer.read()?, at),
            Topic::Jobs => {
                let was_working = self.is_working();
                self.jobs.fill(answer.read()?, at);
                if was_working {
                    self.wanted.insert(Topic::Collections);
                }
            }
            Topic::Swarms => self.swarms.fill(answer.read()?, at),
            Topic::Blocks => self.blocks.fill(answer.read()?, at),
            Topic::Telemetry => self.telemetry.fill(answer.read()?, at),
            Topic::Configuration => self.configuration.fill(answer.read()?, at),
            Topic::Logs => {
                let told: Logs = answer.read()?;
                let mut book = self.logs.value.as_deref().cloned().unwrap_or_default();
                self.log_after = book.take(self.log_after, told);
                self.logs.fill(book, at);
            }
            Topic::Audit => {
                let mut trail = self.audit.value.as_deref().cloned().unwrap_or_default();
                trail.take_newest(answer.read()?);
                self.audit.fill(trail, at);
            }
            Topic::Sessions => self.sessions.fill(answer.read()?, at),
            Topic::Tokens => self.tokens.fill(answer.read()?, at),
        }
        Ok(())
    }

    fn refused(&mut self, topic: Topic, trouble: Trouble) {
        if matches!(trouble, Trouble::Out { .. }) {
            self.is_out();
            return;
        }
        // That the relay is away is said once, above the page.
        let trouble = Some(trouble).filter(|trouble| *trouble != Trouble::Away);
        match topic {
            Topic::Status => self.status.trouble = trouble,
            Topic::History => self.history.trouble = trouble,
            Topic::Collections => self.collections.trouble = trouble,
            Topic::Jobs => self.jobs.trouble = trouble,
            Topic::Swarms => self.swarms.trouble = trouble,
            Topic::Blocks => self.blocks.trouble = trouble,
            Topic::Telemetry => self.telemetry.trouble = trouble,
            Topic::Configuration => self.configuration.trouble = trouble,
            Topic::Logs => self.logs.trouble = trouble,
            Topic::Audit => self.audit.trouble = trouble,
            Topic::Sessions => self.sessions.trouble = trouble,
            Topic::Tokens => self.tokens.trouble = trouble,
        }
    }

    fn acted(&mut self, act: &Act, answer: &Answer) {
        let result = match act {
            Act::Login(_) => {
                match answer.read::<Who>() {
                    Ok(who) => self.lets_in(who),
                    Err(trouble) => self.is_kept_out(trouble),
                }
                return;
            }
            Act::MakeToken(_) => answer.read::<MadeToken>().map(|made| {
                self.made_token = Some(made);
            }),
            _ => answer.good().map(|_| ()),
        };
        let state = self.acts.entry(act.form()).or_default();
        state.is_busy = false;
        match result {
            Ok(()) => {
                state.done += 1;
                self.wanted.extend(act.changes());
                if *act == Act::Logout {
                    self.leave();
                }
            }
            Err(trouble) => {
                // It may be a wrong word within the form: whether the session is over is asked.
                self.asks_who = matches!(trouble, Trouble::Out { .. });
                state.trouble = Some(trouble);
            }
        }
    }

    fn is_kept_out(&mut self, trouble: Trouble) {
        if let Some(seconds) = trouble.retry_seconds() {
            self.locked_until = self.now.steady_millis + u64::from(seconds) * 1_000;
        }
        self.login_trouble = Some(trouble);
    }

    /// Who leaves leaves nothing behind.
    fn leave(&mut self) {
        *self = Self {
            now: self.now,
            page: self.page,
            is_seen: self.is_seen,
            access: Access::Out { has_left: true },
            next_ticket: self.next_ticket,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests;
