//! Files that are dropped or picked: single ones, and folders with all that is in them.

use std::rc::Rc;

use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    DragEvent, File, FileList, FileSystemDirectoryEntry, FileSystemEntry, FileSystemFileEntry,
    HtmlInputElement, HtmlTextAreaElement,
};

/// Bytes in the browser's own memory.
pub type Bytes = Uint8Array;

/// A file of the listener's disk.
pub type PickedFile = File;

/// A file and its path as dropped, `/`-separated.
pub type Dropped = (String, File);

/// Most files of one drop.
const MOST_FILES: usize = 200_000;
/// Entries asked for at once.
const FILES_AT_ONCE: usize = 100;
/// How long files are looked at before the page gets a turn. On a busy device a hundred of them can
/// take a tenth of a second.
const SLICE_MILLIS: f64 = 8.0;

fn now_millis() -> f64 {
    let performance = web_sys::window().and_then(|window| window.performance());
    performance.map_or(0.0, |performance| performance.now())
}

/// Lets the page draw and take input in.
pub(super) async fn turn() {
    let promise = Promise::new(&mut |resolve, _| {
        if let Some(window) = web_sys::window() {
            // A window always has timers.
            let _ = window.set_timeout_with_callback(&resolve);
        }
    });
    // It is never rejected.
    let _ = JsFuture::from(promise).await;
}

/// Watches the whole window: `hover` is told when files are held over it and when no more,
/// `files` gets what is dropped.
pub fn watch_drops(
    hover: impl Fn(bool) + 'static,
    files: impl Fn(Vec<Dropped>) + 'static,
    link: impl Fn(String) + 'static,
) {
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
            take_link(&event, &transfer, &link);
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
                let (entries, plain) = take(&transfer);
                let files = files.clone();
                spawn_local(async move {
                    let mut found = walk(entries).await;
                    found.extend(list(plain).await);
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

/// A link to a torrent that is dropped as text anywhere but into a field.
fn take_link(event: &DragEvent, transfer: &web_sys::DataTransfer, link: &impl Fn(String)) {
    let into_field = event.target().is_some_and(|target| {
        target.has_type::<HtmlInputElement>() || target.has_type::<HtmlTextAreaElement>()
    });
    if into_field || !transfer.types().includes(&"text/plain".into(), 0) {
        return;
    }
    match &*event.type_() {
        "dragover" => event.prevent_default(),
        "drop" => {
            let text = transfer.get_data("text/plain").unwrap_or_default();
            if text.starts_with("magnet:") || text.ends_with(".torrent") {
                event.prevent_default();
                link(text);
            }
        }
        _ => {}
    }
}

/// What is dropped: entries, which may be folders, and files. They have to be taken inside the
/// event; afterwards the transfer is empty.
///
/// Chromium takes a sixth of a millisecond to make an entry, so that of a large drop only what may
/// be a folder by its name becomes one.
fn take(transfer: &web_sys::DataTransfer) -> (Vec<FileSystemEntry>, Vec<File>) {
    let items = transfer.items();
    let files = transfer.files().map_or_else(Vec::new, |files| each(&files));
    let is_large = files.len() > FILES_AT_ONCE && files.len() == items.length() as usize;
    let mut entries = Vec::new();
    let mut plain = Vec::new();
    for at in 0..items.length() {
        let file = files.get(at as usize).filter(|_| is_large);
        if let Some(file) = file.filter(|file| is_file_by_name(&file.name())) {
            plain.push(file.clone());
        } else if let Some(item) = items.get(at)
            && let Ok(Some(entry)) = item.webkit_get_as_entry()
        {
            entries.push(entry);
        }
    }
    if entries.is_empty() {
        // What a script dropped has no entries.
        plain = files;
    }
    (entries, plain)
}

fn is_file_by_name(name: &str) -> bool {
    const ENDS: [&str; 11] = [
        "sid", "psid", "rsid", "mus", "str", "wds", "zip", "md5", "txt", "bin", "rom",
    ];
    name.rsplit_once('.')
        .is_some_and(|(_, end)| ENDS.contains(&&*end.to_ascii_lowercase()))
}

async fn walk(mut waiting: Vec<FileSystemEntry>) -> Vec<Dropped> {
    let mut found = Vec::new();
    let mut paths = Vec::new();
    let asked = Array::new();
    while let Some(entry) = waiting.pop() {
        if found.len() + paths.len() >= MOST_FILES {
            break;
        }
        if entry.is_directory() {
            read_folder(entry.unchecked_into(), &mut waiting).await;
        } else {
            paths.push(entry.full_path().trim_start_matches('/').to_owned());
            let entry: FileSystemFileEntry = entry.unchecked_into();
            asked.push(&call(|done, failed| {
                entry.file_with_callback_and_callback(done, failed);
                Ok(())
            }));
        }
        if paths.len() >= FILES_AT_ONCE {
            take_files(&mut paths, &asked, &mut found).await;
            turn().await;
        }
    }
    take_files(&mut paths, &asked, &mut found).await;
    found
}

async fn read_folder(folder: FileSystemDirectoryEntry, waiting: &mut Vec<FileSystemEntry>) {
    let reader = folder.create_reader();
    // A folder comes in portions; the last is empty.
    loop {
        let portion =
            call(|done, failed| reader.read_entries_with_callback_and_callback(done, failed));
        let Ok(portion) = JsFuture::from(portion).await else {
            return;
        };
        let portion = Array::from(&portion);
        if portion.length() == 0 {
            return;
        }
        waiting.extend(portion.iter().map(JsCast::unchecked_into));
    }
}

/// Takes the files in that have been asked for; one that cannot be had is passed over.
async fn take_files(paths: &mut Vec<String>, asked: &Array, found: &mut Vec<Dropped>) {
    let settled = JsFuture::from(Promise::all_settled(asked)).await;
    asked.set_length(0);
    let settled = settled.map(|settled| Array::from(&settled));
    for (path, result) in paths.drain(..).zip(settled.iter().flat_map(Array::iter)) {
        let file = Reflect::get(&result, &"value".into());
        if let Some(file) = file.ok().and_then(|file| file.dyn_into().ok()) {
            found.push((path, file));
        }
    }
}

/// A function with two callbacks as a promise.
fn call(function: impl Fn(&Function, &Function) -> Result<(), JsValue>) -> Promise {
    Promise::new(&mut |done, failed| {
        if let Err(error) = function(&done, &failed) {
            // Calling a promise's own function cannot fail.
            let _ = failed.call1(&JsValue::NULL, &error);
        }
    })
}

fn each(files: &FileList) -> Vec<File> {
    (0..files.length())
        .filter_map(|at| files.get(at))
        .take(MOST_FILES)
        .collect()
}

async fn list(files: Vec<File>) -> Vec<Dropped> {
    let mut found = Vec::with_capacity(files.len());
    let mut slice_end = now_millis() + SLICE_MILLIS;
    for file in files {
        let path = Reflect::get(&file, &"webkitRelativePath".into())
            .ok()
            .and_then(|path| path.as_string())
            .filter(|path| !path.is_empty())
            .unwrap_or_else(|| file.name());
        found.push((path, file));
        if now_millis() >= slice_end {
            turn().await;
            slice_end = now_millis() + SLICE_MILLIS;
        }
    }
    found
}

/// Opens the system's picker, for files or for a folder. Nothing is called where the listener
/// cancels.
pub fn pick(folder: bool, files: impl Fn(Vec<Dropped>) + 'static) {
    let files = Rc::new(files);
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
            let files = files.clone();
            spawn_local(async move { files(list(each(&chosen)).await) });
        }
    });
    let _ = input.add_event_listener_with_callback("change", listener.as_ref().unchecked_ref());
    // The input may be used once, later; nobody tells when it will not be.
    listener.forget();
    input.click();
}

/// The bytes of a file; `None` where it cannot be read, or is larger than any `.torrent`.
pub async fn read(file: &File) -> Option<Bytes> {
    const MOST_BYTES: f64 = 64e6;
    if file.size() > MOST_BYTES {
        return None;
    }
    let buffer = JsFuture::from(file.array_buffer()).await.ok()?;
    Some(Uint8Array::new(&buffer))
}
