//! ROMs written for a test.

use c64::Roms;
use sidfile::rom::RomKind;
use testkit::asm::assemble;

/// ROMs of two sources.
pub fn roms(kernal: &str, basic: &str) -> Roms {
    let mut roms = Roms::default();
    for (kind, source) in [(RomKind::Kernal, kernal), (RomKind::Basic, basic)] {
        let program = assemble(source).expect("the test's ROM assembles");
        roms.insert(kind, &program.bytes)
            .expect("it fills its socket");
    }
    roms
}
