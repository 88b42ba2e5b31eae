//! Questions to the relay over HTTP.

use operating::{Answer, Request};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response};

/// Asks, and returns what came back. The browser adds the session's cookie.
pub async fn ask(request: &Request) -> Answer {
    // Whatever fails on the way, nothing came back.
    fetch(request).await.unwrap_or(Answer::Nothing)
}

async fn fetch(request: &Request) -> Result<Answer, JsValue> {
    let init = RequestInit::new();
    init.set_method(request.method.name());
    if let Some(body) = &request.body {
        init.set_body(&JsValue::from_str(body));
        let headers = js_sys::Object::new();
        js_sys::Reflect::set(&headers, &"content-type".into(), &"application/json".into())?;
        init.set_headers(&headers);
    }
    let window = web_sys::window().ok_or(JsValue::UNDEFINED)?;
    let response = JsFuture::from(window.fetch_with_str_and_init(&request.path, &init)).await?;
    let response: Response = response.dyn_into()?;
    let body = JsFuture::from(response.text()?).await?;
    Ok(Answer::Said {
        status: response.status(),
        body: body.as_string().unwrap_or_default(),
    })
}
