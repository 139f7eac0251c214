//! An embeddings endpoint of this machine as second opinion. It is sent the phrase and, once each, the
//! sentences of the candidates, whose vectors are kept; the nearest sentence speaks for its workflow.
//!
//! Ollama's `/api/embed` and the `/v1/embeddings` of llama.cpp and others take the same request; their
//! answers are told apart by their names. Connections go to loopback addresses alone, through no
//! proxy, and a redirection is not followed.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body, Bytes};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::vectors::{DIMENSIONS, Vectors};
use crate::base::SafeLine;
use crate::config::Loopback;
use crate::exec::blocking;
use crate::matching::{Opinion, Question};

/// Sentences of one request: few, so that what is done in time is kept.
const AT_ONCE: usize = 16;

/// The largest answer, in bytes.
const ANSWER: usize = 8 << 20;

/// How much of an unexpected answer is quoted, in characters.
const QUOTE: usize = 160;

/// How far the sentences have been read, for whoever has to tell that it took too long.
#[derive(Debug, Default)]
pub struct Progress {
    known: AtomicUsize,
    all: AtomicUsize,
}

impl Progress {
    /// `None` where nothing is missing, or nothing is known.
    pub fn told(&self) -> Option<String> {
        let (known, all) = (self.known.load(Ordering::Relaxed), self.all.load(Ordering::Relaxed));
        (known < all)
            .then(|| format!("{known} of {all} sentences are known so far; the next time goes on from there"))
    }
}

/// The nearest candidate, or none; else what went wrong.
pub async fn ask(
    url: &Loopback,
    model: &str,
    question: &Question,
    cache: &Path,
    progress: &Progress,
) -> Result<Opinion, String> {
    let phrase = embed(url, model, &[&question.phrase]).await?.pop().ok_or("it gave no vector")?;
    let sentences = question.sentences();
    let mut known = {
        let (file, model) = (cache.to_owned(), model.to_owned());
        blocking(move || Vectors::load(&file, &model)).await
    };
    known.touch(&sentences);
    // Another length is another model's, whatever it is called.
    let fits = |v: &[f32]| v.len() == phrase.len();
    let missing: Vec<&str> = sentences.iter().copied().filter(|s| !known.get(s).is_some_and(fits)).collect();
    progress.all.store(sentences.len(), Ordering::Relaxed);
    progress.known.store(sentences.len() - missing.len(), Ordering::Relaxed);
    for some in missing.chunks(AT_ONCE) {
        let vectors = embed(url, model, some).await?;
        for (sentence, vector) in some.iter().zip(vectors) {
            known.put(sentence, vector);
        }
        progress.known.fetch_add(some.len(), Ordering::Relaxed);
        known = blocking(move || {
            if let Err(error) = known.save() {
                tracing::warn!(?error, "the vectors could not be kept");
            }
            known
        })
        .await;
    }
    Ok(question.nearest(&phrase, |sentence| known.get(sentence)))
}

/// A vector for each text, in their order.
async fn embed(url: &Loopback, model: &str, texts: &[&str]) -> Result<Vec<Vec<f32>>, String> {
    let body = json!({ "model": model, "input": texts }).to_string();
    let answer = post(url, body.into()).await?;
    vectors(&answer, texts.len())
}

/// Ends the connection when nobody waits for it any more.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn post(url: &Loopback, body: Bytes) -> Result<Bytes, String> {
    let place = url.authority();
    let failed = |what: &str, e: &dyn std::error::Error| {
        let mut told = format!("{place} {what}: {e}");
        if let Some(cause) = e.source() {
            told.extend([": ", &cause.to_string()]);
        }
        told
    };
    let stream = TcpStream::connect(url.addresses()).await.map_err(|e| failed("cannot be reached", &e))?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|e| failed("does not speak HTTP", &e))?;
    let _driver = Driver(tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection for embeddings broke off");
        }
    }));
    let request = hyper::Request::post(url.path())
        .header("host", place)
        .header("content-type", "application/json")
        .header("accept", "application/json")
        .body(Full::new(body))
        .map_err(|e| failed("cannot be asked", &e))?;
    let response = sender.send_request(request).await.map_err(|e| failed("does not answer", &e))?;
    let status = response.status();
    let body = whole(response.into_body()).await.map_err(|e| format!("{place} {e}"))?;
    if !status.is_success() {
        return Err(format!("{place} answered {status}{}", quoted(&body)));
    }
    Ok(body)
}

async fn whole<B>(body: B) -> Result<Bytes, String>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match Limited::new(body, ANSWER).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            Err(format!("answered with more than {} MiB", ANSWER >> 20))
        }
        Err(error) => Err(format!("broke off in its answer: {error}")),
    }
}

fn quoted(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text: String = SafeLine::new(text.trim()).as_str().chars().take(QUOTE).collect();
    if text.is_empty() { text } else { format!(": {text}") }
}

/// What either kind of endpoint answers; whatever else stands there is of no interest.
#[derive(Deserialize)]
struct Answer {
    /// Ollama: in the order of the texts.
    embeddings: Option<Vec<Vec<f32>>>,
    /// The others: each with its place.
    data: Option<Vec<Placed>>,
}

#[derive(Deserialize)]
struct Placed {
    index: usize,
    embedding: Vec<f32>,
}

/// The vectors of an answer to `count` texts.
fn vectors(answer: &[u8], count: usize) -> Result<Vec<Vec<f32>>, String> {
    let read: Answer = serde_json::from_slice(answer)
        .map_err(|e| format!("its answer cannot be read: {e}{}", quoted(answer)))?;
    let vectors = match (read.embeddings, read.data) {
        (Some(vectors), _) => vectors,
        (None, Some(mut placed)) => {
            placed.sort_by_key(|p| p.index);
            if placed.iter().enumerate().any(|(n, p)| p.index != n) {
                return Err("its answer does not say which vector is whose".to_owned());
            }
            placed.into_iter().map(|p| p.embedding).collect()
        }
        (None, None) => return Err("its answer has neither `embeddings` nor `data`".to_owned()),
    };
    if vectors.len() != count {
        return Err(format!("it gave {} vectors for {count} texts", vectors.len()));
    }
    let length = vectors.first().map_or(0, Vec::len);
    let sound = |v: &Vec<f32>| v.len() == length && v.iter().all(|x| x.is_finite());
    if length == 0 || length > DIMENSIONS || !vectors.iter().all(sound) {
        return Err("it gave vectors that cannot be compared".to_owned());
    }
    Ok(vectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_answers_are_read() {
        let ollama = br#"{"model":"m","embeddings":[[0.5,-1],[2,3e-2]],"total_duration":14}"#;
        assert_eq!(vectors(ollama, 2).expect("reads"), [vec![0.5, -1.0], vec![2.0, 0.03]]);
        let others = br#"{"object":"list","data":[{"index":1,"embedding":[2,3],"object":"embedding"},{"index":0,"embedding":[0,1]}]}"#;
        assert_eq!(vectors(others, 2).expect("reads"), [vec![0.0, 1.0], vec![2.0, 3.0]]);
    }

    #[test]
    fn other_answers_are_told() {
        for (answer, told) in [
            ("", "cannot be read"),
            ("<html>\u{1b}[31m", "cannot be read"),
            ("{\"error\":\"no such model\"}", "neither `embeddings` nor `data`"),
            ("{\"embeddings\":[[1]]}", "1 vectors for 2 texts"),
            ("{\"embeddings\":[[],[]]}", "cannot be compared"),
            ("{\"embeddings\":[[1],[1,2]]}", "cannot be compared"),
            ("{\"embeddings\":[[1],[1e300]]}", "cannot be"),
            ("{\"embeddings\":[[1],[null]]}", "cannot be read"),
            (
                "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":0,\"embedding\":[1]}]}",
                "which vector is whose",
            ),
        ] {
            let wrong = vectors(answer.as_bytes(), 2).expect_err("refused");
            assert!(wrong.contains(told) && !wrong.contains('\u{1b}'), "{wrong}");
        }
    }
}
