//! Labels of the figures. Each has few values, all of them here: nothing that a listener chose or
//! typed can become one.

/// A label and everything that it can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// Name.
    pub name: &'static str,
    /// Values, in order of the enum that it is made of.
    pub values: &'static [&'static str],
}

macro_rules! values {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$value_doc])* $value,)+
        }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The label of this name that tells it.
            #[must_use]
            pub const fn label(name: &'static str) -> Label {
                Label { name, values: &[$($text),+] }
            }
        }
    };
}

values! {
    /// How a wish to hear a tune ended.
    Outcome {
        /// It sounded.
        Success = "success",
        /// It could not be played.
        Failed = "failed",
        /// The listener went on before it sounded.
        Abandoned = "abandoned",
    }
}

values! {
    /// Why a tune was not played.
    Reason {
        /// Its file is not there any more.
        Missing = "missing",
        /// The swarm has it and could not give it.
        NotFetched = "not_fetched",
        /// The file is no tune, or fits into no machine.
        Tune = "tune",
        /// It needs ROMs that are not there.
        NeedsRoms = "needs_roms",
        /// Its program stopped the processor.
        Jammed = "jammed",
        /// The engine's worker died or could not be started.
        Engine = "engine",
        /// The library's worker died or could not be started.
        Library = "library",
        /// There is no way to the speakers.
        Audio = "audio",
        /// Something else.
        Other = "other",
    }
}

values! {
    /// Where a seek goes.
    SeekMode {
        /// To where the engine has run already.
        Ahead = "ahead",
        /// Further than that.
        Beyond = "beyond",
    }
}

values! {
    /// How a seek ended.
    SeekOutcome {
        /// The play head got there.
        Success = "success",
        /// It never did, or not before the listener had lost patience.
        Failed = "failed",
        /// Another seek came soon after, as when a bar is dragged.
        Replaced = "replaced",
    }
}

values! {
    /// What happened to the sound that waits for the speakers.
    Buffer {
        /// There was little left.
        Low = "low",
        /// There was none left.
        Empty = "empty",
        /// There was enough again.
        Refilled = "refilled",
    }
}

values! {
    /// Where the bytes of a tune come from.
    Source {
        /// Memory of the page.
        Memory = "memory",
        /// The device.
        Disk = "disk",
        /// Other listeners.
        Peers = "peers",
        /// The site that publishes a collection.
        WebSeed = "web_seed",
        /// A real machine.
        Hardware = "hardware",
        /// A server that renders.
        Stream = "stream",
    }
}

values! {
    /// What makes the sound.
    Engine {
        /// The emulator, through shared memory.
        Ring = "ring",
        /// The emulator, by messages.
        Port = "port",
        /// The emulator, into a file first.
        File = "file",
    }
}

values! {
    /// Whether the next tune was ready when it was wanted.
    Warmth {
        /// It was.
        Hit = "hit",
        /// It was not.
        Miss = "miss",
    }
}

values! {
    /// Whether something worked.
    Success {
        /// It did.
        Success = "success",
        /// It did not.
        Failed = "failed",
    }
}

values! {
    /// A worker of the page.
    Worker {
        /// The engine.
        Engine = "engine",
        /// The library.
        Library = "library",
        /// The swarm.
        Swarm = "swarm",
    }
}

values! {
    /// How full the room is that the browser gives.
    Pressure {
        /// Four fifths of it are taken.
        High = "high",
        /// Nineteen twentieths of it are taken.
        Full = "full",
        /// The disk took nothing more.
        Refused = "refused",
    }
}

values! {
    /// Whether there was a network.
    Network {
        /// There was.
        Online = "online",
        /// There was none.
        Offline = "offline",
    }
}

values! {
    /// A part of the page that a browser may lack.
    Adapter {
        /// Sound through shared memory.
        AudioRing = "audio_ring",
        /// Sound by messages.
        AudioPort = "audio_port",
        /// Sound from a rendered file.
        AudioFile = "audio_file",
        /// Tunes and catalogue on disk.
        LibraryStore = "library_store",
        /// Pieces in files of the browser's own.
        PieceStore = "piece_store",
    }
}

values! {
    /// What a part found when it tried itself.
    Verdict {
        /// It works.
        Passed = "passed",
        /// It does not; the page goes another way.
        Failed = "failed",
    }
}

values! {
    /// A part of the time from the gesture to the first audible sample. They do not overlap, and
    /// together they are the whole.
    Phase {
        /// From the gesture to the tune's verified bytes.
        Bytes = "bytes",
        /// From there to an engine that has sound in its ring.
        Prebuffer = "prebuffer",
        /// From there to the first audible sample.
        Start = "start",
    }
}
