//! Who may ask, and what a token is replaced by.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use aileron_server::auth::{Auth, AuthSettings, Scope};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::signature::KeyPair as _;
use serde_json::{Value, json};
use support::{Came, SECRET, Server};
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(7);

async fn with_header(server: &Server, path: &str, value: &str) -> Came {
    let request = Request::get(format!("/execution{path}"))
        .header("authorization", value)
        .body(Body::empty())
        .unwrap();
    server.send(request).await
}

async fn with_token(server: &Server, token: &str) -> Came {
    with_header(server, "/variables/x", &format!("Bearer {token}")).await
}

#[tokio::test]
async fn a_request_without_a_token_is_not_served() {
    let server = Server::new().await;
    for value in ["", "Basic abc", "Bearer", "Bearer "] {
        let came = with_header(&server, "/variables/x", value).await;
        assert_eq!(came.status, StatusCode::UNAUTHORIZED, "{value:?}");
        assert_eq!(came.body, r#"{"detail":"Missing auth token"}"#);
    }
}

#[tokio::test]
async fn a_token_that_is_not_valid_is_refused() {
    let server = Server::new().await;
    let settings = AuthSettings::with_secret(SECRET);
    let other_secret =
        AuthSettings::with_secret("another secret of the same length as the right one is");
    let other_audience = AuthSettings {
        audience: vec!["somebody else".to_owned()],
        ..settings.clone()
    };
    for (name, settings) in [("secret", other_secret), ("audience", other_audience)] {
        let token = Auth::new(&settings).unwrap().issue(ID, Scope::Execution);
        let came = with_token(&server, &token.unwrap()).await;
        assert_eq!(came.status, StatusCode::FORBIDDEN, "{name}");
        assert_eq!(came.body, r#"{"detail":"Invalid auth token"}"#);
    }
    for token in ["abc", "a.b.c", ""] {
        let came = with_token(&server, token).await;
        assert!(!came.status.is_success(), "{token:?}");
    }
}

/// A token with these claims in the place of the usual ones; null takes one away.
fn signed(changes: &Value) -> String {
    let now = jiff::Timestamp::now().as_second();
    let mut claims = json!({
        "sub": ID, "aud": "urn:airflow.apache.org:task", "iat": now, "nbf": now, "exp": now + 600,
    });
    for (claim, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(claim)),
            value => claims[claim] = value.clone(),
        }
    }
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS512), &claims, &key).unwrap()
}

#[tokio::test]
async fn each_claim_is_checked() {
    let server = Server::new().await;
    let now = jiff::Timestamp::now().as_second();
    let good = with_token(&server, &signed(&json!({}))).await;
    assert_eq!(good.status, StatusCode::NOT_FOUND, "{}", good.body);
    // Clocks may be ten seconds apart.
    let near = with_token(&server, &signed(&json!({"exp": now - 5, "iat": now + 5}))).await;
    assert_eq!(near.status, StatusCode::NOT_FOUND, "{}", near.body);
    for changes in [
        json!({"exp": now - 60}),
        json!({"exp": null}),
        json!({"nbf": now + 60}),
        json!({"iat": now + 60}),
        json!({"iat": null}),
        json!({"aud": null}),
        json!({"aud": "other"}),
        json!({"sub": null}),
        json!({"sub": "no id"}),
        json!({"scope": "other"}),
    ] {
        let came = with_token(&server, &signed(&changes)).await;
        assert_eq!(came.status, StatusCode::FORBIDDEN, "{changes}");
    }
}

#[tokio::test]
async fn an_unsigned_token_is_refused() {
    let server = Server::new().await;
    let token = server.token(ID);
    let claims = token.split('.').nth(1).unwrap();
    // {"alg":"none","typ":"JWT"}
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
    assert_eq!(
        with_token(&server, &unsigned).await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn a_workload_token_only_starts_its_task() {
    let server = Server::new().await;
    let token = server.auth.issue(ID, Scope::Workload).unwrap();
    let came = with_token(&server, &token).await;
    assert_eq!(came.status, StatusCode::FORBIDDEN);
    assert_eq!(
        came.json()["detail"],
        "Token type 'workload' not allowed for this endpoint. Allowed types: execution"
    );
    let request = Request::patch(format!("/execution/task-instances/{ID}/run"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from("{}"))
        .unwrap();
    // It got as far as its body.
    assert_eq!(
        server.send(request).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn a_task_instance_speaks_for_itself_only() {
    let server = Server::new().await;
    let own = format!("/store/ti/{ID}/k");
    let other = format!("/store/ti/{}/k", Uuid::from_u128(8));
    let capitals = format!(
        "/store/ti/{}/k",
        Uuid::from_u128(0xabc).to_string().to_uppercase()
    );
    assert_eq!(server.get(&own).await.status, StatusCode::NOT_FOUND);
    for path in [other, capitals, "/store/ti/x/k".to_owned()] {
        let came = server.get(&path).await;
        assert_eq!(came.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(
            came.json()["detail"],
            "Token subject does not match task instance ID"
        );
    }
}

#[tokio::test]
async fn a_token_that_ends_soon_is_replaced() {
    let soon = AuthSettings {
        valid_for: Duration::from_secs(20),
        ..AuthSettings::with_secret(SECRET)
    };
    let server = Server::with_auth(&soon, |settings| settings).await;
    let came = server.get("/variables/x").await;
    let new = came.header("refreshed-api-token").unwrap().to_owned();
    assert_eq!(
        with_token(&server, &new).await.status,
        StatusCode::NOT_FOUND
    );
    let fresh = Server::new().await;
    assert_eq!(
        fresh
            .get("/variables/x")
            .await
            .header("refreshed-api-token"),
        None
    );
}

#[tokio::test]
async fn a_private_key_signs_and_its_public_key_checks() {
    let directory = tempfile::tempdir().unwrap();
    for (name, pem) in [("rsa", RSA), ("ed25519", ED25519)] {
        let path = directory.path().join(name);
        std::fs::write(&path, pem).unwrap();
        let settings = AuthSettings {
            secret: None,
            private_key: Some(path),
            ..AuthSettings::with_secret(SECRET)
        };
        let server = Server::with_auth(&settings, |settings| settings).await;
        assert_eq!(
            server.get("/variables/x").await.status,
            StatusCode::NOT_FOUND,
            "{name}"
        );
        let forged = Auth::new(&AuthSettings::with_secret(SECRET)).unwrap();
        let forged = forged.issue(ID, Scope::Execution).unwrap();
        assert_eq!(
            with_token(&server, &forged).await.status,
            StatusCode::FORBIDDEN,
            "{name}"
        );
    }
}

/// Keys at a URL, as another program that gives out tokens publishes them.
#[tokio::test]
async fn the_keys_at_a_url_are_fetched_and_kept_while_nobody_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.pem");
    std::fs::write(&path, ED25519).unwrap();
    let text: String = ED25519
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let der = base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap();
    let pair = ring::signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).unwrap();
    let public = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let set = json!({"keys": [
        {"kty": "OKP", "crv": "Ed25519", "kid": "theirs", "alg": "EdDSA", "x": public},
        {"kty": "something new", "kid": "other"},
    ]});
    let keys = axum::Router::new().fallback(move || async move { set.to_string() });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys.json", listener.local_addr().unwrap());
    let settings = |key_id: &str, url: &str| AuthSettings {
        secret: None,
        private_key: Some(path.clone()),
        trusted_jwks: Some(url.to_owned()),
        key_id: Some(key_id.to_owned()),
        ..AuthSettings::with_secret(SECRET)
    };
    // Nobody answers yet, so nobody can be let in; the server says so and does not blame the client.
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let nowhere = settings("theirs", &format!("http://{closed}/keys.json"));
    let server = Server::with_auth(&nowhere, |settings| settings).await;
    let came = server.get("/variables/x").await;
    assert!(!came.status.is_success(), "{came:?}");
    assert_ne!(came.status, StatusCode::NOT_FOUND);

    let task = tokio::spawn(async move { axum::serve(listener, keys).await });
    let server = Server::with_auth(&settings("theirs", &url), |settings| settings).await;
    let found = |came: Came| came.status == StatusCode::NOT_FOUND;
    assert!(found(server.get("/variables/x").await));
    // A key that is not in the set, by its name.
    let stranger = Auth::new(&settings("unknown", &url)).unwrap();
    let stranger = stranger.issue(ID, Scope::Execution).unwrap();
    let came = with_token(&server, &stranger).await;
    assert_eq!(came.status, StatusCode::FORBIDDEN);
    task.abort();
    let _ = task.await;
    assert!(found(server.get("/variables/x").await));
}

#[test]
fn a_key_file_that_is_none_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.pem");
    std::fs::write(&path, "nothing").unwrap();
    let settings = AuthSettings {
        secret: None,
        private_key: Some(path.clone()),
        ..AuthSettings::with_secret(SECRET)
    };
    let error = Auth::new(&settings).unwrap_err().to_string();
    assert!(error.contains("jwt_private_key_path"), "{error}");
    assert!(error.contains(path.to_str().unwrap()), "{error}");
}

/// Made for this test.
const RSA: &str = "-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDdfChsm51DeAQw
PCauEjq1sI0nd8h+eP07ysD7ELBAHnSrApS6kJMSFMJzc7CO9fAickGhjhTeyni/
JF1GzHPtOU7lMNPUH4nEjyKmG2R1pLSUrlCGNYU1bpX+YBDtQVAD6KjsPYTo17O7
l82mZ/hDgyMpnNJJukgNMvDDya7X76FWL9/BqbhipRCWCxEjGF7/y98HwvTPpOe4
kAVifXHjZDfFL6RzetEy+OSnNEGJvgUs/ouro+HO6EjRZCj+aVr8OPDz2UVfKQga
Af0cyyOt8S9PHOkk0SvINLOmO5x0NKr2JmUrwCzXPqVGczxYDelJAV20/J5kxxU5
2E5ptPVNAgMBAAECggEAGHESY/PjTbYBnlIRAa4s0O6YESYwl7Zh2baVB8/OZ3EE
9nc9Mv5v4HOuhr+aWRhuZNq/f+TWTETDQPKyIXVACMqFeJjkE3lcgna6P+LveeUQ
cYTwCXOADQa0YkM3Mvt9aUUEWTerwmdFZBsLPIUmOksPNxEhirXWLDC2LaEE3LrW
OrTcxgeP0q7xtRUOvVjAHopZE5PV4M/Vft51PBOQwiXqHxXQ9N1Z14RZ20CaZCrz
zzGMaEVV2463tAS4XCGpkSyHggHC3FEAbyuh6iqmSaJ3H8ijcK+Hyea/qr/lp/MO
lr0NS6K0BYWnM2Sexbux4vRI4Yt4i/74BPfbWpX8WQKBgQD1VXSyOnqjw4jcD+jT
o2pCkQHUD2fR0a4tmA6WUSTWKAlddEQAFsHq99rJ8g0ChEJ1o66vohbP7E2KyczF
2b5kF5n1sYB70jJoubYcTh1zQoyU4aaUaafaspHoav+pn+KtTA9dP70ptrlSzy/8
58wsjp/+7NKHiDtyfDv3oK2UNQKBgQDnHURJ8mO632G2CCV8QI8K5GEWKsX3Z34Q
w0fG/iHzzQeSYWrtnmY9ceoH7QUi1fe79Fb/TtdIs4PShmdiZ7fDI7sAKQ4T6Hy5
XoGpMCRQok1vgj1lVGVlLLsrz+rCj+h0DpO7v/FKWwRapljXzR860NVs1y2QVhto
sRosPXbPuQKBgGpw4yqYuLDomy5vMKLyGZ4778Ej1fVwtdNOT7XkCslnoXiMgxxO
w1/AnYpUnFRlMbh8hcPp3V/ktFfs6g1FRZeDreatVoNiVUCeomZxddGWJAxMQsvN
c2gtZaSjF71ugxiREXFxwA6jGpDVF4rwvuLuFniyIz1uW+x1/kaXzfepAoGBAKH6
VR4uj88tOGJIG12WMarEnXbXy5+2HRjKhMfm3QzuKdxiAns/hRCTgh7D89GSfOpy
OXb+XsxJZJ5sLJE/d/+AT1OxcnhpfOC+Z8mYQBtzZSo98aHPILFkRFpUgoiSK60L
emcgA5DFcavG4oV88eJa8voxZXG/p74cQee3vEmhAoGAcFFjh7k0/2kg3HUDMGzb
mw+0gTbu6AiU86v/MeLiuKsWR4jfWqr7AB8e7Y1DwU2zB919owNmfk8Awq9CVpQY
TbMDFX5G/e99qe3OX9PH0gt9mSboqtCmXfSeCjaTRk42wwoawQPG1cen0ghSvxpA
GoDZvFP3y/GaezZGwpgb7m0=
-----END PRIVATE KEY-----
";

/// Made for this test.
const ED25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIFD5zJP1TjV/jAIhs5m7Nyaqr5wlw2U3B5o40JqNy/Yu
-----END PRIVATE KEY-----
";
