//! Which object store, and which object.

use std::sync::Arc;

use aileron_config::Config;
use aileron_uri::percent::unquote;
use object_store::ObjectStore;
use object_store::path::Path;
use url::Url;

use super::RemoteLogError;
use super::connection::Account;
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp", feature = "http"))]
use super::http::Connector;

/// A store and the object in it.
type Place = (Arc<dyn ObjectStore>, Path);

/// The store of the folder, and the object for the log.
pub(super) fn open(
    folder: &str,
    account: Option<&Account>,
    config: &Config,
    log_path: &str,
) -> Result<Place, RemoteLogError> {
    if folder.starts_with('/') {
        return local(folder, log_path);
    }
    let url = Url::parse(folder).map_err(|error| RemoteLogError::Folder {
        reason: format!("is neither a path nor a URL ({error})"),
    })?;
    let path = below(&unquote(url.path()), log_path)?;
    match url.scheme() {
        "file" => local(&unquote(url.path()), log_path),
        #[cfg(feature = "aws")]
        "s3" | "s3a" => Ok((s3(&url, account)?, path)),
        #[cfg(feature = "gcp")]
        "gs" => Ok((gcs(&url, account)?, path)),
        #[cfg(feature = "azure")]
        "wasb" => azure(&url, account, config, log_path),
        #[cfg(feature = "azure")]
        "abfs" | "abfss" | "az" => Ok((azure_url(&url, account)?, path)),
        #[cfg(feature = "http")]
        "http" | "https" => Ok((webdav(&url)?, path)),
        other => {
            let _ = (account, config);
            Err(RemoteLogError::Folder {
                reason: format!("begins with {other}://, for which this program has no store"),
            })
        }
    }
}

/// The object's path: the folder's, and the log's below it.
fn below(folder: &str, log_path: &str) -> Result<Path, RemoteLogError> {
    let folder = folder.trim_matches('/');
    let whole = if folder.is_empty() {
        log_path.to_owned()
    } else {
        format!("{folder}/{log_path}")
    };
    Path::parse(whole).map_err(|error| RemoteLogError::Folder {
        reason: error.to_string(),
    })
}

fn local(folder: &str, log_path: &str) -> Result<Place, RemoteLogError> {
    std::fs::create_dir_all(folder)?;
    let store = object_store::local::LocalFileSystem::new_with_prefix(folder)?;
    Ok((Arc::new(store), below("", log_path)?))
}

/// `s3://BUCKET/PREFIX`. Without a connection the account is found as AWS's own programs find it, but for their files.
#[cfg(feature = "aws")]
fn s3(url: &Url, account: Option<&Account>) -> Result<Arc<dyn ObjectStore>, RemoteLogError> {
    use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey as Key};
    let mut builder = AmazonS3Builder::from_env()
        .with_http_connector(Connector {})
        .with_bucket_name(url.host_str().unwrap_or_default());
    if let Some(account) = account {
        let endpoint = account
            .extra_at(&["service_config", "s3", "endpoint_url"])
            .map(str::to_owned)
            .or_else(|| account.extra("endpoint_url"));
        if account.extra("role_arn").is_some() {
            return Err(RemoteLogError::Connection {
                reason: "role_arn is not supported here: give the pod the role (web identity) and leave the connection out".to_owned(),
            });
        }
        for (key, value) in [
            (
                Key::AccessKeyId,
                account
                    .extra("aws_access_key_id")
                    .or_else(|| account.login.clone()),
            ),
            (
                Key::SecretAccessKey,
                account
                    .extra("aws_secret_access_key")
                    .or_else(|| account.password.clone()),
            ),
            (Key::Token, account.extra("aws_session_token")),
            (Key::Region, account.extra("region_name")),
            (Key::Endpoint, endpoint),
        ] {
            if let Some(value) = value {
                builder = builder.with_config(key, value);
            }
        }
    }
    let plain = builder
        .get_config_value(&Key::Endpoint)
        .is_some_and(|endpoint| endpoint.starts_with("http://"));
    Ok(Arc::new(builder.with_allow_http(plain).build()?))
}

/// `gs://BUCKET/PREFIX`. Without a connection the account is found as Google's own programs find it.
#[cfg(feature = "gcp")]
fn gcs(url: &Url, account: Option<&Account>) -> Result<Arc<dyn ObjectStore>, RemoteLogError> {
    use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey as Key};
    let mut builder = GoogleCloudStorageBuilder::from_env()
        .with_http_connector(Connector {})
        .with_bucket_name(url.host_str().unwrap_or_default());
    if let Some(account) = account {
        if let Some(key) = account.extra("keyfile_dict") {
            builder = builder.with_config(Key::ServiceAccountKey, key);
        } else if let Some(path) = account.extra("key_path") {
            builder = builder.with_config(Key::ServiceAccount, path);
        }
    }
    Ok(Arc::new(builder.build()?))
}

/// `wasb://PREFIX` in the container that `[azure_remote_logging] remote_wasb_log_container` names.
#[cfg(feature = "azure")]
fn azure(
    url: &Url,
    account: Option<&Account>,
    config: &Config,
    log_path: &str,
) -> Result<Place, RemoteLogError> {
    let container = config
        .get("azure_remote_logging", "remote_wasb_log_container")?
        .unwrap_or_else(|| "airflow-logs".to_owned());
    let builder = azure_builder(account).with_container_name(container);
    let prefix = format!(
        "{}{}",
        url.host_str().unwrap_or_default(),
        unquote(url.path())
    );
    Ok((Arc::new(builder.build()?), below(&prefix, log_path)?))
}

/// `abfs://CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX` or `az://CONTAINER/PREFIX`.
#[cfg(feature = "azure")]
fn azure_url(url: &Url, account: Option<&Account>) -> Result<Arc<dyn ObjectStore>, RemoteLogError> {
    let builder = azure_builder(account).with_url(url.as_str());
    Ok(Arc::new(builder.build()?))
}

#[cfg(feature = "azure")]
fn azure_builder(account: Option<&Account>) -> object_store::azure::MicrosoftAzureBuilder {
    use object_store::azure::{AzureConfigKey as Key, MicrosoftAzureBuilder};
    let mut builder = MicrosoftAzureBuilder::from_env().with_http_connector(Connector {});
    let Some(account) = account else {
        return builder;
    };
    let tenant = account.extra("tenant_id");
    // With a tenant it is the id and the secret of an application, otherwise the name of the account and its key.
    let (user, secret) = match tenant {
        Some(_) => (Key::ClientId, Key::ClientSecret),
        None => (Key::AccountName, Key::AccessKey),
    };
    let name = account.host.as_deref().map(account_of_host);
    for (key, value) in [
        (Key::AuthorityId, tenant.clone()),
        (Key::SasKey, account.extra("sas_token")),
        (secret, account.password.clone()),
        (Key::AccountName, name),
        (user, account.login.clone()),
    ] {
        if let Some(value) = value {
            builder = builder.with_config(key, value);
        }
    }
    builder
}

/// `https://NAME.blob.core.windows.net` or the name alone.
#[cfg(feature = "azure")]
fn account_of_host(host: &str) -> String {
    let host = host.split_once("://").map_or(host, |(_, host)| host);
    host.split(['.', '/']).next().unwrap_or_default().to_owned()
}

/// WebDAV at this server.
#[cfg(feature = "http")]
fn webdav(url: &Url) -> Result<Arc<dyn ObjectStore>, RemoteLogError> {
    let builder = object_store::http::HttpBuilder::new()
        .with_url(&url[..url::Position::BeforePath])
        .with_http_connector(Connector {});
    Ok(Arc::new(builder.build()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Config {
        Config::with_environment([("", ""); 0])
    }

    const LOG: &str = "dag_id=d/run_id=manual__2026-01-01T00:00:00+00:00/task_id=t/attempt=1.log";

    #[test]
    fn the_object_is_named_as_airflow_names_it() {
        for (folder, prefix) in [
            ("s3://bucket", ""),
            ("s3://bucket/", ""),
            ("s3://bucket/a/b c/", "a/b c/"),
        ] {
            let (_, path) = open(folder, None, &nothing(), LOG).unwrap();
            assert_eq!(path.as_ref(), format!("{prefix}{LOG}"));
        }
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_named() {
        for (folder, part) in [
            ("ftp://x/y", "ftp://"),
            ("logs", "neither a path nor a URL"),
            ("cloudwatch://arn", "cloudwatch://"),
        ] {
            let error = open(folder, None, &nothing(), LOG)
                .err()
                .unwrap()
                .to_string();
            assert!(
                error.contains("remote_base_log_folder") && error.contains(part),
                "{error}"
            );
        }
    }
}
