//! Reading and changing the rules of a bucket of S3.

use aileron_object_storage::{Bucket, BucketAnswer, BucketError};

use super::{ExpiryRule, Lifecycle, LifecycleError};

/// The part of a bucket's settings.
const SETTING: &str = "lifecycle";

/// What a bucket without rules answers.
const NO_RULES: &str = "NoSuchLifecycleConfiguration";

/// A setting that lies beside the rules, and is lost unless it is sent with them.
const KEPT_HEADER: &str = "x-amz-transition-default-minimum-object-size";

/// Why the rules cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The bucket does not answer.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The rules that are there are not understood, so they are not touched.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleError),
    /// The store refuses.
    #[error(
        "the store refuses to {doing} the rules with status {status}: {answer}; {right} is the right that it takes"
    )]
    Refused {
        /// `read` or `change`.
        doing: &'static str,
        /// The HTTP status.
        status: u16,
        /// What it says.
        answer: String,
        /// The right.
        right: &'static str,
    },
    /// What is there now is not what was sent.
    #[error(
        "the rules are not those that were sent: somebody else has changed them at the same time; look at them, and try again"
    )]
    Changed,
}

/// The rules of a bucket, with what lies beside them.
#[derive(Debug, Clone)]
pub struct BucketRules {
    /// The rules.
    pub lifecycle: Lifecycle,
    headers: Vec<(&'static str, String)>,
}

/// Reads the rules of a bucket.
///
/// # Errors
///
/// [`ApplyError`].
pub async fn rules(bucket: &Bucket) -> Result<BucketRules, ApplyError> {
    let answer = bucket.get(SETTING, &[KEPT_HEADER]).await?;
    let lifecycle = match answer.status {
        200 => Lifecycle::parse(&answer.body)?,
        404 if answer.body.contains(NO_RULES) => Lifecycle::default(),
        _ => return Err(refused("read", "s3:GetLifecycleConfiguration", &answer)),
    };
    Ok(BucketRules {
        lifecycle,
        headers: answer.headers,
    })
}

/// Adds a rule to those of a bucket, in place of an earlier one of its name, and looks whether it is there then with all the others.
/// Says whether anything had to be changed.
///
/// S3 has no request that changes one rule. Who else changes them in the same moment is overwritten, or overwrites this one.
///
/// # Errors
///
/// [`ApplyError`].
pub async fn apply(bucket: &Bucket, rule: &ExpiryRule) -> Result<bool, ApplyError> {
    let before = rules(bucket).await?;
    let wanted = before.lifecycle.with(rule);
    if wanted.same_as(&before.lifecycle) {
        return Ok(false);
    }
    let answer = bucket
        .put(SETTING, &before.headers, wanted.to_xml())
        .await?;
    if answer.status != 200 {
        return Err(refused("change", "s3:PutLifecycleConfiguration", &answer));
    }
    match rules(bucket).await?.lifecycle.same_as(&wanted) {
        true => Ok(true),
        false => Err(ApplyError::Changed),
    }
}

fn refused(doing: &'static str, right: &'static str, answer: &BucketAnswer) -> ApplyError {
    let part = |name: &str| {
        let (_, rest) = answer.body.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>"))
            .map(|(text, _)| text.to_owned())
    };
    let said: Vec<String> = ["Code", "Message"].into_iter().filter_map(part).collect();
    ApplyError::Refused {
        doing,
        status: answer.status,
        answer: said.join(": "),
        right,
    }
}
