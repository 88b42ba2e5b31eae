//! Widgets that know nothing of tunes.

mod dialog;
mod icon;
mod icon_button;
mod search_field;
mod segmented;
mod setting;
mod slider;
mod soon;
mod virtual_list;

pub use dialog::Dialog;
pub use icon::{Icon, Name};
pub use icon_button::IconButton;
pub use search_field::SearchField;
pub use segmented::Segmented;
pub use setting::Setting;
pub use slider::Slider;
pub use soon::Soon;
pub use virtual_list::{GridKey, VirtualList};
