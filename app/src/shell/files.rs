//! Files that are dropped or picked: single ones, and folders with all that is in them.

use std::rc::Rc;

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    DragEvent, File, FileList, FileSystemDirectoryEntry, FileSystemEntry, FileSystemFileEntry,
    HtmlInputElement,
};

/// A file and its path as dropped, `/`-separated.
pub type Dropped = (String, File);

/// Most files of one drop.
const MOST_FILES: usize = 200_000;

/// Watches the whole window: `hover` is told when files are held over it and when no more,
/// `files` gets what is dropped.
pub fn watch_drops(hover: impl Fn(bool) + 'static, files: impl Fn(Vec<Dropped>) + 'static) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let files = Rc::new(files);
    let listener = Closure::<dyn Fn(DragEvent)>::new(move |event: DragEvent| {
        let Some(transfer) = event.data_transfer() else {
            return;
        };
        let has_files = transfer.types().includes(&"Files".into(), 0);
        if !has_files {
            return;
        }
        match &*event.type_() {
            "dragleave" => {
                // Only leaving the window itself counts, not going from one element to another.
                if event.related_target().is_none() {
                    hover(false);
                }
            }
            "drop" => {
                event.prevent_default();
                hover(false);
                let entries = entries_of(&transfer);
                let plain = transfer.files();
                let files = files.clone();
                spawn_local(async move {
                    let mut found = Vec::new();
                    if entries.is_empty() {
                        found.extend(plain.iter().flat_map(list));
                    } else {
                        walk(entries, &mut found).await;
                    }
                    files(found);
                });
            }
            _ => {
                event.prevent_default();
                hover(true);
            }
        }
    });
    for kind in ["dragenter", "dragover", "dragleave", "drop"] {
        let function = listener.as_ref().unchecked_ref();
        let _ = window.add_event_listener_with_callback(kind, function);
    }
    // The page listens as long as it lives.
    listener.forget();
}

/// Entries have to be taken inside the event; afterwards the transfer is empty.
fn entries_of(transfer: &web_sys::DataTransfer) -> Vec<FileSystemEntry> {
    let items = transfer.items();
    (0..items.length())
        .filter_map(|at| items.get(at)?.webkit_get_as_entry().ok().flatten())
        .collect()
}

async fn walk(mut waiting: Vec<FileSystemEntry>, found: &mut Vec<Dropped>) {
    while let Some(entry) = waiting.pop() {
        if found.len() >= MOST_FILES {
            return;
        }
        let path = entry.full_path().trim_start_matches('/').to_owned();
        if entry.is_directory() {
            let folder: FileSystemDirectoryEntry = entry.unchecked_into();
            let reader = folder.create_reader();
            // A folder comes in portions; the last is empty.
            loop {
                let portion = call(|done, failed| {
                    reader.read_entries_with_callback_and_callback(done, failed)
                });
                let Ok(portion) = portion.await else { break };
                let portion = Array::from(&portion);
                if portion.length() == 0 {
                    break;
                }
                waiting.extend(portion.iter().map(JsCast::unchecked_into));
            }
        } else {
            let entry: FileSystemFileEntry = entry.unchecked_into();
            let file = call(|done, failed| {
                entry.file_with_callback_and_callback(done, failed);
                Ok(())
            });
            if let Ok(file) = file.await {
                found.push((path, file.unchecked_into()));
            }
        }
    }
}

/// A function with two callbacks as a future.
async fn call(
    function: impl Fn(&Function, &Function) -> Result<(), JsValue>,
) -> Result<JsValue, JsValue> {
    let promise = Promise::new(&mut |done, failed| {
        if let Err(error) = function(&done, &failed) {
            // Calling a promise's own function cannot fail.
            let _ = failed.call1(&JsValue::NULL, &error);
        }
    });
    JsFuture::from(promise).await
}

fn list(files: &FileList) -> Vec<Dropped> {
    (0..files.length())
        .filter_map(|at| files.get(at))
        .map(|file| {
            let path = Reflect::get(&file, &"webkitRelativePath".into())
                .ok()
                .and_then(|path| path.as_string())
                .filter(|path| !path.is_empty())
                .unwrap_or_else(|| file.name());
            (path, file)
        })
        .collect()
}

/// Opens the system's picker, for files or for a folder. Nothing is called where the listener
/// cancels.
pub fn pick(folder: bool, files: impl Fn(Vec<Dropped>) + 'static) {
    let Some(input) = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.create_element("input").ok())
        .and_then(|element| element.dyn_into::<HtmlInputElement>().ok())
    else {
        return;
    };
    input.set_type("file");
    input.set_multiple(true);
    if folder {
        let _ = input.set_attribute("webkitdirectory", "");
    }
    let picked = input.clone();
    let listener = Closure::<dyn Fn()>::new(move || {
        if let Some(chosen) = picked.files() {
            files(list(&chosen));
        }
    });
    let _ = input.add_event_listener_with_callback("change", listener.as_ref().unchecked_ref());
    // The input may be used once, later; nobody tells when it will not be.
    listener.forget();
    input.click();
}
