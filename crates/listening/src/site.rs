//! Whether the page starts without a network, and whether a newer version of it waits.

/// How the site is kept on this device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Site {
    /// Nobody has looked yet.
    #[default]
    Unknown,
    /// It is being fetched.
    Coming,
    /// It starts without a network.
    Kept,
    /// It starts without a network, and a newer version waits to be taken.
    NewVersion,
    /// It needs the network to start: the browser cannot keep it, or why not, as far as is known.
    NotKept(Option<String>),
}
