//! Icons: strokes on a 24-unit grid.

use leptos::prelude::*;

/// Which icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say what is drawn")]
pub enum Name {
    Library,
    Disc,
    Sliders,
    Info,
    Play,
    Pause,
    Stop,
    Next,
    Previous,
    Repeat,
    RepeatOne,
    Volume,
    Muted,
    Search,
    Plus,
    File,
    Folder,
    Close,
    Check,
    Warning,
    Left,
    Right,
    Down,
    Panel,
    Ascending,
    Descending,
    Keyboard,
    Trash,
    Drop,
    Spinner,
    Swarm,
    Share,
    Heart,
    HeartFull,
    Star,
    StarFull,
    List,
    Clock,
    More,
    Pen,
    Link,
    Undo,
    Tag,
    Up,
    Queue,
    Shuffle,
    Grip,
    Shelves,
    Funnel,
    FullScreen,
    Apart,
}

const HEART: &str =
    "M12 20C7 16 3.5 13 3.5 9a4.4 4.4 0 0 1 8.5-1.6A4.4 4.4 0 0 1 20.5 9c0 4-3.5 7-8.5 11z";
const STAR: &str = "M12 3.5l2.6 5.5l6 .8l-4.4 4.1l1.1 5.9L12 17l-5.3 2.8l1.1-5.9L3.4 9.8l6-.8z";

impl Name {
    /// Path, and whether it is filled in place of stroked.
    fn path(self) -> (&'static str, bool) {
        match self {
            Self::Library => ("M4 5v14M9 5v14M14 5.5l4.5 13.5", false),
            Self::Disc => (
                "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18zM12 9.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5zM6.5 12A5.5 5.5 0 0 1 12 6.5",
                false,
            ),
            Self::Sliders => ("M4 7h8M16 7h4M4 17h4M12 17h8M14 4.5v5M10 14.5v5", false),
            Self::Info => (
                "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18zM12 11v5.5M12 7.5v.5",
                false,
            ),
            Self::Play => (
                "M7 4.2v15.6a.8.8 0 0 0 1.2.7l12.4-7.8a.8.8 0 0 0 0-1.4L8.2 3.5A.8.8 0 0 0 7 4.2z",
                true,
            ),
            Self::Pause => ("M6.5 4h3.2v16H6.5zM14.3 4h3.2v16h-3.2z", true),
            Self::Stop => (
                "M6.5 5h11a1.5 1.5 0 0 1 1.5 1.5v11a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 17.5v-11A1.5 1.5 0 0 1 6.5 5z",
                true,
            ),
            Self::Next => (
                "M5 4.8v14.4a.7.7 0 0 0 1.1.6l10.2-7.2a.7.7 0 0 0 0-1.2L6.1 4.2a.7.7 0 0 0-1.1.6zM17.4 4H20v16h-2.6z",
                true,
            ),
            Self::Previous => (
                "M19 4.8v14.4a.7.7 0 0 1-1.1.6L7.7 12.6a.7.7 0 0 1 0-1.2l10.2-7.2a.7.7 0 0 1 1.1.6zM4 4h2.6v16H4z",
                true,
            ),
            Self::Repeat => (
                "M17 2.5l3.5 3.5L17 9.5M3.5 11.5V10a4 4 0 0 1 4-4h13M7 21.5L3.5 18L7 14.5M20.5 12.5V14a4 4 0 0 1-4 4h-13",
                false,
            ),
            Self::RepeatOne => (
                "M17 2.5l3.5 3.5L17 9.5M3.5 11.5V10a4 4 0 0 1 4-4h13M7 21.5L3.5 18L7 14.5M20.5 12.5V14a4 4 0 0 1-4 4h-13M11 10.5l1.5-1v5",
                false,
            ),
            Self::Volume => (
                "M11 5L6.5 9H3v6h3.5l4.5 4zM15 9a4 4 0 0 1 0 6M17.8 6.2a8 8 0 0 1 0 11.6",
                false,
            ),
            Self::Muted => ("M11 5L6.5 9H3v6h3.5l4.5 4zM16 9.5l5 5M21 9.5l-5 5", false),
            Self::Search => (
                "M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13zM15.5 15.5L20.5 20.5",
                false,
            ),
            Self::Plus => ("M12 5v14M5 12h14", false),
            Self::File => (
                "M14 3H7a1.5 1.5 0 0 0-1.5 1.5v15A1.5 1.5 0 0 0 7 21h10a1.5 1.5 0 0 0 1.5-1.5V7.5zM14 3v4.5h4.5",
                false,
            ),
            Self::Folder => (
                "M3.5 18V6.5A1.5 1.5 0 0 1 5 5h4.5l2 2.5H19A1.5 1.5 0 0 1 20.5 9v9a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 18z",
                false,
            ),
            Self::Close => ("M6 6l12 12M18 6L6 18", false),
            Self::Check => ("M4.5 12.5l5 5l10-11", false),
            Self::Warning => ("M12 4L2.8 19.5h18.4zM12 10v4.5M12 17v.3", false),
            Self::Left => ("M14.5 6l-6 6l6 6", false),
            Self::Right => ("M9.5 6l6 6l-6 6", false),
            Self::Down => ("M6 9.5l6 6l6-6", false),
            Self::Panel => (
                "M4.5 4.5h15v15h-15zM9.5 4.5v15M15.5 9.5L13 12l2.5 2.5",
                false,
            ),
            Self::Ascending => ("M12 19V6M6.5 11L12 5.5l5.5 5.5", false),
            Self::Descending => ("M12 5v13M6.5 13l5.5 5.5l5.5-5.5", false),
            Self::Keyboard => (
                "M3 6.5h18v11H3zM6.5 10h.1M10 10h.1M13.5 10h.1M17 10h.1M8 14h8",
                false,
            ),
            Self::Trash => (
                "M4.5 7h15M9.5 7V4h5v3M6.5 7l1 13h9l1-13M10 11v5M14 11v5",
                false,
            ),
            Self::Drop => ("M12 3.5v11M7 10l5 5l5-5M4 16.5v3h16v-3", false),
            Self::Spinner => ("M12 3a9 9 0 0 1 9 9", false),
            Self::Swarm => (
                "M12 9.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5zM5 3.5a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 1 0 0-3.6zM19 3.5a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 1 0 0-3.6zM12 18.6a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 1 0 0-3.6zM6.4 6.5l3.8 3.8M17.6 6.5l-3.8 3.8M12 14.5v4.1",
                false,
            ),
            Self::Heart => (HEART, false),
            Self::HeartFull => (HEART, true),
            Self::Star => (STAR, false),
            Self::StarFull => (STAR, true),
            Self::List => ("M4 6h11M4 11h11M4 16h6M17.5 12v7M14 15.5h7", false),
            Self::Clock => ("M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18zM12 7v5.2l3.4 2", false),
            Self::More => ("M5 12h.1M12 12h.1M19 12h.1", false),
            Self::Pen => (
                "M4.5 19.5l1-4.2L16 4.8l3.2 3.2L8.7 18.5zM13.5 7.3l3.2 3.2",
                false,
            ),
            Self::Link => (
                "M10 14a4 4 0 0 0 5.7 0l3.2-3.2a4 4 0 0 0-5.7-5.7L12 6.3M14 10a4 4 0 0 0-5.7 0L5.1 13.2a4 4 0 0 0 5.7 5.7L12 17.7",
                false,
            ),
            Self::Undo => ("M8 5L3.5 9.5L8 14M4 9.5h9.5a5.5 5.5 0 0 1 0 11H9", false),
            Self::Tag => ("M3.5 4.5v7l9 9l7.5-7.5l-9-9zM8 8.6h.1", false),
            Self::Up => ("M6 14.5l6-6l6 6", false),
            Self::Queue => ("M4 6h16M4 11h10M4 16h7M15 14.5v6l5-3z", false),
            Self::Shuffle => (
                "M3.5 17.5h3.2L16 6.5h4M17 3.5l3.5 3l-3.5 3M3.5 6.5h3.2l2.6 3.1M12.8 13.9l3.2 3.6h4M17 14.5l3.5 3l-3.5 3",
                false,
            ),
            Self::Grip => ("M9 6h.1M15 6h.1M9 12h.1M15 12h.1M9 18h.1M15 18h.1", false),
            Self::Shelves => (
                "M4 5.5h7v5H4zM13.5 5.5h7v5h-7zM4 13.5h7v5H4zM13.5 13.5h7v5h-7z",
                false,
            ),
            Self::Funnel => ("M4 5.5h16l-6.2 7.4v5.6l-3.6-1.9v-3.7z", false),
            Self::FullScreen => (
                "M4.5 9V4.5H9M15 4.5h4.5V9M19.5 15v4.5H15M9 19.5H4.5V15",
                false,
            ),
            Self::Apart => ("M10 18.5H3.5v-13h17V10M13 13.5h7.5v5.5H13z", false),
            Self::Share => ("M12 15V3.5M8 7l4-3.8L16 7M6 11H4.5v9.5h15V11H18", false),
        }
    }
}

/// An icon; the words belong to what it stands in.
#[component]
pub fn Icon(
    /// Which.
    #[prop(into)]
    name: Signal<Name>,
) -> impl IntoView {
    view! {
        <svg
            class="icon"
            class:icon-filled=move || name.get().path().1
            class:icon-spinner=move || name.get() == Name::Spinner
            viewBox="0 0 24 24"
            aria-hidden="true"
        >
            <path d=move || name.get().path().0></path>
        </svg>
    }
}
