//! The model against a relay that the tests play.

use super::*;
use protocol::admin::{Login as LoginBody, NewPassword, NewToken, Publish};

/// The page, its clock, and what it has asked and not heard of.
struct Desk {
    model: Model,
    now: Now,
    open: Vec<(Ticket, Request)>,
}

const WHO: &str =
    r#"{"name":"operator","scopes":["read","publish","moderate","manage"],"expires_millis":null}"#;
const OUT: &str = r#"{"error":"log in"}"#;

impl Desk {
    fn new() -> Self {
        let mut desk = Self {
            model: Model::default(),
            now: Now {
                steady_millis: 1_000,
                wall_millis: 1_700_000_000_000,
            },
            open: Vec::new(),
        };
        desk.send(Event::Opened);
        desk
    }

    /// Somebody is in, on a page, and the page has asked for what it shows.
    fn logged_in(page: Page) -> Self {
        let mut desk = Self::new();
        desk.send(Event::Goes(page));
        desk.answer("session", 200, WHO);
        desk
    }

    fn send(&mut self, event: Event) {
        let effects = self.model.update(self.now, event);
        for Effect::Ask(ticket, request) in effects {
            self.open.push((ticket, request));
        }
    }

    fn act(&mut self, act: Act) {
        self.send(Event::Wish(Intent::Do(act)));
    }

    fn wait(&mut self, millis: u64) {
        self.now.steady_millis += millis;
        self.now.wall_millis += millis;
        self.send(Event::Tick);
    }

    /// What is asked and not answered: the ends of the paths, in order.
    fn asked(&self) -> Vec<&str> {
        let ends = self.open.iter();
        ends.map(|(_, request)| &request.path["/api/v1/admin/".len()..])
            .collect()
    }

    fn answer_with(&mut self, path: &str, answer: Answer) {
        let at = self.asked().iter().position(|asked| *asked == path);
        let at = at.unwrap_or_else(|| panic!("{path} is not among {:?}", self.asked()));
        let (ticket, _) = self.open.remove(at);
        self.send(Event::Answered(ticket, answer));
    }

    fn answer(&mut self, path: &str, status: u16, body: &str) {
        let body = body.to_owned();
        self.answer_with(path, Answer::Said { status, body });
    }
}

fn password(password: &str) -> Act {
    Act::Login(LoginBody {
        password: password.into(),
    })
}

fn status() -> String {
    serde_json::json!({
        "now_millis": 1, "started_millis": 0, "version": "0.1.0", "sockets": 2, "swarms": 1,
        "peers": 2, "seeders": 1, "parts": [], "objectives": [], "alerts": [],
    })
    .to_string()
}

fn job(state: &str) -> String {
    serde_json::json!([{
        "id": 1, "kind": "publish", "collection": "demo", "state": state, "words": "", "done": 1,
        "all": 2, "made_millis": 0, "ended_millis": null,
    }])
    .to_string()
}

#[test]
fn nobody_is_in_until_the_relay_says_so() {
    let mut desk = Desk::new();
    assert_eq!(desk.asked(), ["session"]);
    assert_eq!(*desk.model.access(), Access::Asking);
    desk.answer("session", 401, OUT);
    assert_eq!(*desk.model.access(), Access::Out { has_left: false });
    desk.wait(60_000);
    assert_eq!(desk.asked(), [] as [&str; 0]);
    desk.act(password("right"));
    assert!(desk.model.login().is_busy);
    desk.act(password("twice"));
    assert_eq!(desk.asked(), ["session"]);
    desk.answer("session", 200, WHO);
    assert!(matches!(desk.model.access(), Access::In(_)));
    assert_eq!(desk.asked(), ["status", "history?hours=24"]);
}

#[test]
fn a_wrong_password_locks_out_for_as_long_as_the_relay_says() {
    let mut desk = Desk::new();
    desk.answer("session", 401, OUT);
    desk.act(password("wrong"));
    desk.answer("session", 401, OUT);
    let out = Trouble::Out {
        retry_seconds: None,
    };
    assert_eq!(desk.model.login().trouble, Some(out));
    for (status, seconds) in [(401, 4), (429, 30)] {
        desk.act(password("wrong"));
        let body = format!(r#"{{"error":"wait","retry_seconds":{seconds}}}"#);
        desk.answer("session", status, &body);
        assert_eq!(desk.model.login().locked_seconds, seconds);
        desk.wait(1_500);
        assert_eq!(desk.model.login().locked_seconds, seconds - 1);
        desk.act(password("too early"));
        assert_eq!(desk.asked(), [] as [&str; 0]);
        desk.wait(u64::from(seconds) * 1_000);
        assert_eq!(desk.model.login().locked_seconds, 0);
    }
    desk.act(password("right"));
    assert_eq!(desk.asked(), ["session"]);
}

#[test]
fn a_password_that_did_not_reach_the_relay_is_not_tried_again_by_itself() {
    let mut desk = Desk::new();
    desk.answer("session", 401, OUT);
    desk.act(password("right"));
    desk.answer_with("session", Answer::Nothing);
    assert_eq!(desk.model.login().trouble, Some(Trouble::Away));
    desk.wait(1_000);
    let asked: Vec<Method> = desk
        .open
        .iter()
        .map(|(_, request)| request.method)
        .collect();
    assert_eq!(asked, [Method::Get]);
    desk.answer("session", 401, OUT);
    assert_eq!(desk.model.login().trouble, None);
    assert_eq!(*desk.model.access(), Access::Out { has_left: false });
}

#[test]
fn a_page_asks_for_what_it_shows_and_for_nothing_else() {
    let mut desk = Desk::logged_in(Page::Tracker);
    assert_eq!(desk.asked(), ["status", "swarms", "blocks"]);
    desk.answer("status", 200, &status());
    desk.answer("swarms", 200, "[]");
    desk.answer("blocks", 200, "[]");
    desk.wait(4_900);
    assert_eq!(desk.asked(), [] as [&str; 0]);
    desk.wait(200);
    assert_eq!(desk.asked(), ["swarms"]);
    // What is not answered is not asked again.
    desk.wait(6_000);
    assert_eq!(desk.asked(), ["swarms"]);
    desk.send(Event::Goes(Page::Configuration));
    assert_eq!(desk.asked(), ["swarms", "status", "configuration"]);
}

#[test]
fn a_page_that_nobody_sees_asks_nothing() {
    let mut desk = Desk::logged_in(Page::Health);
    desk.answer("status", 200, &status());
    desk.send(Event::Seen(false));
    desk.wait(60_000);
    assert_eq!(desk.asked(), [] as [&str; 0]);
    desk.send(Event::Seen(true));
    assert_eq!(desk.asked(), ["status"]);
}

#[test]
fn what_is_known_stays_while_the_relay_is_away_and_is_asked_for_again_with_growing_waits() {
    let mut desk = Desk::logged_in(Page::Health);
    desk.answer("status", 200, &status());
    let since = desk.now.wall_millis + 5_000;
    desk.wait(5_000);
    desk.answer_with("status", Answer::Nothing);
    let mut waits = Vec::new();
    for _ in 0..6 {
        let Reach::Away {
            since_millis,
            again_millis,
            ..
        } = desk.model.reach()
        else {
            panic!("it is away");
        };
        assert_eq!(since_millis, since);
        let wait = again_millis - desk.now.steady_millis;
        waits.push(wait);
        desk.wait(wait - 1);
        assert_eq!(desk.asked(), [] as [&str; 0]);
        desk.wait(1);
        desk.answer_with("session", Answer::Nothing);
    }
    assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    assert!(desk.model.status.value.is_some());
    assert_eq!(desk.model.status.trouble, None);
    desk.send(Event::Wish(Intent::Retry));
    desk.answer("session", 200, WHO);
    assert_eq!(desk.model.reach(), Reach::Here);
    assert_eq!(desk.asked(), ["status"]);
}

#[test]
fn an_answer_that_never_comes_counts_as_none() {
    let mut desk = Desk::logged_in(Page::Health);
    desk.wait(PATIENCE + 1);
    assert!(matches!(desk.model.reach(), Reach::Away { .. }));
}

#[test]
fn a_session_that_is_over_leaves_the_page_as_it_is() {
    let mut desk = Desk::logged_in(Page::Tracker);
    desk.answer("swarms", 200, "[]");
    desk.answer("blocks", 401, OUT);
    assert!(matches!(desk.model.access(), Access::Over(_)));
    assert!(desk.model.swarms.value.is_some());
    desk.open.clear();
    desk.wait(60_000);
    assert_eq!(desk.asked(), [] as [&str; 0]);
    desk.act(password("right"));
    desk.answer("session", 200, WHO);
    assert!(matches!(desk.model.access(), Access::In(_)));
    assert_eq!(desk.asked(), ["status", "swarms", "blocks"]);
}

#[test]
fn what_was_wanted_as_the_session_ended_is_not_done_and_says_so() {
    let mut desk = Desk::logged_in(Page::Collections);
    desk.open.clear();
    let publish = Publish {
        folder: "/music".into(),
        name: "Music".into(),
    };
    desk.act(Act::Publish(publish));
    assert!(desk.model.acts()[&Form::Publish].is_busy);
    desk.answer("collections", 401, OUT);
    // It may be the form that was refused: the relay is asked who is in.
    assert!(matches!(desk.model.access(), Access::In(_)));
    desk.answer("session", 401, OUT);
    assert!(matches!(desk.model.access(), Access::Over(_)));
    let state = &desk.model.acts()[&Form::Publish];
    assert!(!state.is_busy && state.done == 0);
    assert!(matches!(state.trouble, Some(Trouble::Out { .. })));
}

#[test]
fn a_wrong_old_password_does_not_end_the_session() {
    let mut desk = Desk::logged_in(Page::Access);
    desk.open.clear();
    let change = NewPassword {
        old: "wrong".into(),
        new: "new".into(),
    };
    desk.act(Act::ChangePassword(change));
    desk.answer("password", 401, OUT);
    desk.answer("session", 200, WHO);
    assert!(matches!(desk.model.access(), Access::In(_)));
    assert!(desk.model.acts()[&Form::Password].trouble.is_some());
    desk.send(Event::Wish(Intent::Forget(Form::Password)));
    assert_eq!(desk.model.acts()[&Form::Password].trouble, None);
}

#[test]
fn what_is_done_is_confirmed_by_asking_again() {
    let mut desk = Desk::logged_in(Page::Tracker);
    for path in ["status", "swarms", "blocks"] {
        desk.answer(path, 200, if path == "status" { "null" } else { "[]" });
    }
    desk.act(Act::TakeBack(3));
    desk.act(Act::TakeBack(3));
    assert_eq!(desk.asked(), ["blocks/3"]);
    desk.answer("blocks/3", 204, "");
    assert_eq!(desk.model.acts()[&Form::TakeBack(3)].done, 1);
    assert_eq!(desk.asked(), ["swarms", "blocks"]);
}

#[test]
fn what_the_scopes_do_not_allow_is_not_asked() {
    let mut desk = Desk::new();
    desk.send(Event::Goes(Page::Access));
    let who = r#"{"name":"reader","scopes":["read"],"expires_millis":null}"#;
    desk.answer("session", 200, who);
    assert!(!desk.model.may(Scope::Publish));
    desk.act(Act::Verify("demo".into()));
    desk.act(Act::Revoke(1));
    assert_eq!(desk.asked(), [] as [&str; 0]);
}

#[test]
fn work_is_watched_closely_and_shown_when_it_is_done() {
    let mut desk = Desk::logged_in(Page::Collections);
    desk.answer("status", 200, &status());
    desk.answer("collections", 200, "[]");
    desk.answer("jobs", 200, &job("running"));
    desk.wait(1_000);
    assert_eq!(desk.asked(), ["jobs"]);
    desk.answer("jobs", 200, &job("done"));
    assert_eq!(desk.asked(), ["collections"]);
    desk.wait(1_000);
    assert_eq!(desk.asked(), ["collections"]);
}

#[test]
fn a_key_is_told_once() {
    let mut desk = Desk::logged_in(Page::Access);
    desk.open.clear();
    let token = NewToken {
        name: "bot".into(),
        scopes: vec![Scope::Read],
        days: Some(30),
    };
    desk.act(Act::MakeToken(token));
    let made = r#"{"token":{"id":1,"name":"bot","scopes":["read"],"made_millis":1,"used_millis":null,"expires_millis":null},"secret":"abc"}"#;
    desk.answer("tokens", 200, made);
    assert_eq!(desk.model.made_token.as_ref().unwrap().secret, "abc");
    desk.send(Event::Wish(Intent::Forget(Form::Token)));
    assert!(desk.model.made_token.is_none());
}

#[test]
fn the_log_is_followed_from_where_it_was_and_stands_when_it_is_told_to() {
    let mut desk = Desk::logged_in(Page::Logs);
    let line = r#"{"number":4,"at_millis":1,"level":"INFO","target":"relay","text":"up"}"#;
    let told = format!(r#"{{"start_millis":1,"lines":[{line}],"next":5,"lost":0}}"#);
    desk.answer("logs?after=0", 200, &told);
    desk.send(Event::Wish(Intent::Follow(false)));
    desk.open.clear();
    desk.wait(10_000);
    assert_eq!(desk.asked(), [] as [&str; 0]);
    desk.send(Event::Wish(Intent::Follow(true)));
    assert_eq!(desk.asked(), ["logs?after=5"]);
    desk.answer("logs?after=5", 500, r#"{"error":"no log"}"#);
    let trouble = desk.model.logs.trouble.as_ref();
    assert!(matches!(trouble, Some(Trouble::Refused { words, .. }) if words == "no log"));
    assert_eq!(desk.model.logs.value.as_ref().unwrap().lines.len(), 1);
}

#[test]
fn other_hours_are_asked_for_at_once_and_late_answers_of_others_are_dropped() {
    let mut desk = Desk::logged_in(Page::Status);
    desk.send(Event::Wish(Intent::Hours(1)));
    assert_eq!(
        desk.asked(),
        ["status", "history?hours=24", "history?hours=1"]
    );
    let history = r#"{"start_millis":1,"step_millis":30000,"series":[]}"#;
    desk.answer("history?hours=24", 200, history);
    assert!(desk.model.history.value.is_none());
    desk.answer("history?hours=1", 200, history);
    assert!(desk.model.history.value.is_some());
}

#[test]
fn a_relay_that_is_young_is_shown_over_an_hour_until_somebody_chooses() {
    let mut desk = Desk::logged_in(Page::Status);
    desk.answer("status", 200, &status());
    assert_eq!(desk.model.hours(), 1);
    assert_eq!(desk.asked(), ["history?hours=24", "history?hours=1"]);
    desk.send(Event::Wish(Intent::Hours(6)));
    desk.wait(5_000);
    desk.answer("status", 200, &status());
    assert_eq!(desk.model.hours(), 6);
    let old = status().replace("\"now_millis\":1", "\"now_millis\":90000000");
    let mut desk = Desk::logged_in(Page::Status);
    desk.answer("status", 200, &old);
    assert_eq!(desk.model.hours(), 24);
    assert_eq!(desk.asked(), ["history?hours=24"]);
}

#[test]
fn who_leaves_leaves_nothing_behind() {
    let mut desk = Desk::logged_in(Page::Tracker);
    desk.answer("swarms", 200, "[]");
    desk.act(Act::Logout);
    desk.answer("session", 204, "");
    assert_eq!(*desk.model.access(), Access::Out { has_left: true });
    assert!(desk.model.swarms.value.is_none());
    // What had been asked before is not taken in.
    desk.answer("blocks", 200, "[]");
    assert!(desk.model.blocks.value.is_none());
}
