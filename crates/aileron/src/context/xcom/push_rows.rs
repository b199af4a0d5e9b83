//! A list that is written row by row.

use aileron_xcom::ListText;
use serde::Serialize;

use super::named;
use super::push::push_kept;
use crate::context::storage::{Kept, KeptText, TextWriter};
use crate::{Context, Result};

/// A list whose rows come one by one: see [`Xcom::push_rows`](super::Xcom::push_rows).
///
/// Nothing is stored before [`finish`](Self::finish), and nothing is left when it is dropped before that.
#[derive(Debug)]
#[must_use = "nothing is stored before `.finish().await`"]
pub struct XcomRowWriter<'a> {
    context: &'a Context,
    key: String,
    list: ListText,
    writer: Writer,
}

#[derive(Debug)]
enum Writer {
    /// Nobody has looked yet where the list goes.
    Unknown,
    /// It goes into the database.
    Database,
    Object(TextWriter),
    /// A piece was not written.
    Failed,
}

impl<'a> XcomRowWriter<'a> {
    pub(super) fn new(context: &'a Context, key: &str) -> Self {
        Self {
            context,
            key: key.to_owned(),
            list: ListText::default(),
            writer: Writer::Unknown,
        }
    }

    /// Adds a row. This waits when the store does not keep up.
    ///
    /// # Errors
    /// When the row is not JSON (it names where; the row is left out, and others may follow), or when what came before cannot be
    /// written into its object.
    pub async fn push<T: Serialize + ?Sized>(&mut self, row: &T) -> Result<()> {
        let pushed = self.list.push(row);
        pushed.map_err(|error| named(&self.key, error))?;
        if self.list.len() >= ListText::PIECE {
            self.open().await?;
            if matches!(self.writer, Writer::Object(_)) {
                let piece = self.list.take();
                self.write(piece).await?;
            }
        }
        Ok(())
    }

    /// Ends the list, and stores it.
    ///
    /// # Errors
    /// When the list cannot be written into its object, or the supervisor cannot store it. Nothing is stored then.
    pub async fn finish(mut self) -> Result<()> {
        self.open().await?;
        let text = std::mem::take(&mut self.list).end();
        let kept = match std::mem::replace(&mut self.writer, Writer::Failed) {
            Writer::Object(mut writer) => {
                let written = writer.write(text).await;
                written.map_err(|error| named(&self.key, error))?;
                let kept = writer.end(&self.key).await;
                kept.map_err(|error| named(&self.key, error))?
            }
            Writer::Unknown | Writer::Database | Writer::Failed => KeptText::Short(text),
        };
        let kept = match kept {
            KeptText::Kept(kept) => kept,
            KeptText::Short(text) => {
                let encoded = ListText::encode(text);
                Kept::inline(encoded.map_err(|error| named(&self.key, error))?)
            }
        };
        push_kept(self.context, &self.key, kept, None).await
    }

    /// Looks where the list goes.
    async fn open(&mut self) -> Result<()> {
        match self.writer {
            Writer::Unknown => {
                let storage = &self.context.inner.storage;
                let writer = storage.xcom_writer(self.context, &self.key).await;
                let writer = writer.map_err(|error| named(&self.key, error))?;
                self.writer = writer.map_or(Writer::Database, Writer::Object);
                Ok(())
            }
            Writer::Database | Writer::Object(_) => Ok(()),
            Writer::Failed => {
                let broken = crate::Error::msg("rows before it were not written");
                Err(named(&self.key, broken))
            }
        }
    }

    async fn write(&mut self, piece: Vec<u8>) -> Result<()> {
        if let Writer::Object(writer) = &mut self.writer
            && let Err(error) = writer.write(piece).await
        {
            self.writer = Writer::Failed;
            return Err(named(&self.key, error));
        }
        Ok(())
    }
}
