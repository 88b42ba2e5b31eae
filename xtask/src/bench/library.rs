//! The library on the built product: bytes to the first sound, first paint, opening and importing,
//! and Lighthouse's scores.

use anyhow::Result;
use serde_json::Value;

use super::journeys;
use crate::bundle::{self, Effort};
use crate::shell::{root, step};
use crate::{npm, site};

pub fn run() -> Result<Value> {
    let bundles = bundle::build(Effort::Dist)?;
    let (built, _) = step("assembling the site", || {
        site::assemble(&bundles, Effort::Dist)
    })?;
    let lighthouse = root().join("xtask/peers/lighthouse");
    npm::install(&lighthouse)?;
    journeys::figures(
        "library.spec.ts",
        &[
            ("SIDEREAL_BUILT", &built.to_string_lossy()),
            ("SIDEREAL_LIGHTHOUSE", &lighthouse.to_string_lossy()),
        ],
    )
}
