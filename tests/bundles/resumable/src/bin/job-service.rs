//! A small HTTP service that runs jobs, as remote systems do: it takes a while to make one, and keeps them in a file.
//!
//! ```text
//! job-service FILE PORT LATENCY
//! ```
//!
//! A port of 0 is any free one; the address is printed. Each submission takes up to LATENCY milliseconds before there is a
//! job and as long after it, at random; a job shows up in searches as many milliseconds after it was made. A job takes the
//! time that its submission says: nothing runs, the clock decides.
//!
//! | Request | Answer |
//! |---|---|
//! | `POST /jobs` `{name, milliseconds, fails, token?}` | the job; the same one for the same `Idempotency-Key` header |
//! | `GET /jobs`, `GET /jobs?token=..` | all jobs, those of the token |
//! | `GET /jobs/ID` | the job, or 404 |
//! | `GET /jobs/ID/result` | its result; 409 when it has none |
//! | `DELETE /jobs/ID` | the job, cancelled if it ran |

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone)]
struct Service {
    jobs: Arc<Mutex<Jobs>>,
    latency: u64,
}

/// All jobs; each change is a line of the file.
struct Jobs {
    all: Vec<Job>,
    file: File,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Job {
    id: usize,
    key: Option<String>,
    made: u64,
    cancelled: bool,
    #[serde(flatten)]
    submission: Submission,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Submission {
    name: String,
    milliseconds: u64,
    fails: bool,
    token: Option<String>,
}

#[derive(Deserialize)]
struct Search {
    token: Option<String>,
}

type Answer = Result<Json<Value>, StatusCode>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    let [file, port, latency] = std::env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| "usage: job-service FILE PORT LATENCY")?;
    let service = Service {
        jobs: Arc::new(Mutex::new(Jobs::open(&file)?)),
        latency: latency.parse()?,
    };
    let router = Router::new()
        .route("/jobs", get(list).post(submit))
        .route("/jobs/{id}", get(show).delete(cancel))
        .route("/jobs/{id}/result", get(result))
        .with_state(service);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

async fn submit(
    State(service): State<Service>,
    headers: HeaderMap,
    Json(submission): Json<Submission>,
) -> Answer {
    if submission.name.is_empty() {
        return Err(StatusCode::BAD_REQUEST);
    }
    let key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
        .map(str::to_owned);
    // A task of its own: what has arrived is done, whether or not the client is still there.
    let done = tokio::spawn(async move {
        service.pause().await;
        let job = service.lock().add(submission, key);
        service.pause().await;
        job
    });
    match done.await {
        Ok(Ok(job)) => Ok(Json(job.shown())),
        _ => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

async fn list(State(service): State<Service>, Query(search): Query<Search>) -> Json<Value> {
    let jobs = service.lock();
    let shown = jobs.all.iter().filter(|job| match &search.token {
        Some(_) => {
            job.submission.token == search.token
                && now().saturating_sub(job.made) >= service.latency
        }
        None => true,
    });
    Json(shown.map(Job::shown).collect())
}

async fn show(State(service): State<Service>, Path(id): Path<usize>) -> Answer {
    let jobs = service.lock();
    let job = jobs.all.get(id).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(job.shown()))
}

async fn result(State(service): State<Service>, Path(id): Path<usize>) -> Answer {
    let jobs = service.lock();
    let job = jobs.all.get(id).ok_or(StatusCode::NOT_FOUND)?;
    if job.status() != "succeeded" {
        return Err(StatusCode::CONFLICT);
    }
    Ok(Json(json!({"job": id, "name": job.submission.name})))
}

async fn cancel(State(service): State<Service>, Path(id): Path<usize>) -> Answer {
    let mut jobs = service.lock();
    let job = jobs.all.get_mut(id).ok_or(StatusCode::NOT_FOUND)?;
    if job.status() == "running" {
        job.cancelled = true;
        let job = job.clone();
        jobs.write(&job)
            .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    }
    Ok(Json(jobs.all[id].shown()))
}

impl Service {
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn pause(&self) {
        let microseconds = fastrand::u64(0..=self.latency * 1000);
        tokio::time::sleep(Duration::from_micros(microseconds)).await;
    }
}

impl Jobs {
    fn open(path: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).read(true).open(path)?;
        let mut all: Vec<Job> = Vec::new();
        for line in BufReader::new(&file).lines() {
            let job: Job = serde_json::from_str(&line?)?;
            if job.id == all.len() {
                all.push(job);
            } else {
                let id = job.id;
                all[id] = job;
            }
        }
        Ok(Self { all, file })
    }

    fn add(&mut self, submission: Submission, key: Option<String>) -> std::io::Result<Job> {
        let known = self
            .all
            .iter()
            .find(|job| key.is_some() && job.key == key)
            .cloned();
        if let Some(job) = known {
            return Ok(job);
        }
        let job = Job {
            id: self.all.len(),
            key,
            made: now(),
            cancelled: false,
            submission,
        };
        self.write(&job)?;
        self.all.push(job.clone());
        Ok(job)
    }

    fn write(&mut self, job: &Job) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(job)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }
}

impl Job {
    fn status(&self) -> &'static str {
        if self.cancelled {
            "cancelled"
        } else if now() < self.made + self.submission.milliseconds {
            "running"
        } else if self.submission.fails {
            "failed"
        } else {
            "succeeded"
        }
    }

    fn shown(&self) -> Value {
        json!({"id": self.id, "status": self.status(), "name": self.submission.name,
               "token": self.submission.token.as_ref().or(self.key.as_ref())})
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}
