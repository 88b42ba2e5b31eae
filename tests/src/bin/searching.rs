//! Search over a whole collection, for measuring. Natively `searching TABLE SONGLENGTHS STIL OUT
//! [DOCUMENTS]` makes the catalogue, and the same as JSON for other search engines; in WebAssembly
//! Node calls `Searcher`.

#[cfg(target_arch = "wasm32")]
mod exports {
    use catalog::{Catalogue, Column, Index, Query, Sort};
    use wasm_bindgen::prelude::wasm_bindgen;

    /// Rows that the page asks for at once.
    const ROWS: usize = 100;

    /// The index of a catalogue.
    #[wasm_bindgen]
    pub struct Searcher(Index);

    #[wasm_bindgen]
    impl Searcher {
        /// Reads a catalogue and makes it ready for the first keystroke.
        #[must_use]
        pub fn open(bytes: &[u8]) -> Option<Searcher> {
            let catalogue = Catalogue::decode(bytes).ok()?;
            let mut index = Index::with_collections([], [catalogue]);
            index.get_ready();
            Some(Self(index))
        }

        /// Does what the library worker does at a keystroke, and returns how many tunes were found.
        pub fn find(&mut self, filter: &str) -> usize {
            let query = Query {
                filter: filter.to_owned(),
                sort: Sort {
                    column: Column::Relevance,
                    descending: false,
                },
            };
            let found = self.0.search(&query);
            let first = found.files.iter().take(ROWS);
            let hits: Vec<_> = first.map(|file| self.0.hit(*file, &found)).collect();
            let bytes = postcard::to_allocvec(&hits).map_or(0, |bytes| bytes.len());
            found.files.len() + usize::from(bytes == 0)
        }

        /// Titles of the first few tunes that are found.
        pub fn first(&mut self, filter: &str, count: usize) -> String {
            let query = Query {
                filter: filter.to_owned(),
                sort: Sort {
                    column: Column::Relevance,
                    descending: false,
                },
            };
            let found = self.0.search(&query);
            let first = found.files.iter().take(count).map(|file| {
                let row = self.0.row(*file);
                format!("{} by {}", row.title, row.author)
            });
            first.collect::<Vec<_>>().join("; ")
        }
    }
}

#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [table, lengths, stil, out, documents @ ..] = &arguments[..] else {
        return Err("searching TABLE SONGLENGTHS STIL OUT [DOCUMENTS]".into());
    };
    let table = std::fs::read_to_string(table)?;
    let entries =
        tests::collection::entries_of(&table, &std::fs::read(lengths)?, &std::fs::read(stil)?)?;
    std::fs::write(out, catalog::encode(&entries))?;
    if let Some(documents) = documents.first() {
        let all = entries.iter().zip(0..).map(|(entry, id)| {
            let notes = entry.notes.iter().flat_map(|note| {
                [
                    &note.name,
                    &note.author,
                    &note.title,
                    &note.artist,
                    &note.comment,
                ]
            });
            let notes: Vec<&str> = notes
                .map(|text| &**text)
                .filter(|text| !text.is_empty())
                .collect();
            serde_json::json!({
                "id": id,
                "title": entry.title,
                "author": entry.author,
                "released": entry.released,
                "path": entry.path,
                "stil": notes.join(" "),
            })
        });
        std::fs::write(documents, serde_json::to_vec(&all.collect::<Vec<_>>())?)?;
    }
    Ok(())
}
