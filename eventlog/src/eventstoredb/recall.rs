//! What outlives the process of what was looked through in vain: a stream of its own says it, to all nodes.
//!
//! That nothing of ours stands somewhere stays true, as the log only grows. Unless it was set back, by a backup or a cluster that
//! lost its last events: so each note names a witness, an event that stands behind all that is noted. Who finds another one there
//! believes none of it.

use super::appender::append_request;
use super::failure::{ServerFailure, Why};
use super::reader::{Reader, place};
use super::server::{Patience, Scanned};
use super::stretches::Stretch;
use super::wire::*;
use crate::event::NewEvent;
use crate::ids::new_id;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const NOTED: &str = "StretchesWithoutOurs";

#[derive(Serialize, Deserialize)]
struct Note {
    witness: Witness,
    /// Of each the place after which, and that up to which, nothing of ours stands: commit and prepare position of both.
    stretches: Vec<[u64; 4]>,
}

#[derive(Serialize, Deserialize)]
struct Witness {
    position: u64,
    id: uuid::Uuid,
}

/// The newest note, and what is expected of the stream by whoever writes the next.
struct NewestNote {
    note: Option<Note>,
    expected: Expected,
}

impl Note {
    fn stretches(&self) -> impl Iterator<Item = Stretch> {
        self.stretches.iter().map(|[from, from_prepare, to, to_prepare]| Stretch {
            from: Position { commit: *from, prepare: *from_prepare },
            to: Position { commit: *to, prepare: *to_prepare },
        })
    }
}

impl Reader {
    /// Learns once what was noted by whoever looked before. Who may not read it looks for himself.
    pub(super) async fn recall(&self) -> Result<(), ServerFailure> {
        let recalling = || async {
            match self.retrying(|| self.recall_now()).await {
                Err(trouble @ (ServerFailure::Refused(_) | ServerFailure::Gone(_))) => {
                    tracing::debug!(?trouble, "what was looked through in vain can't be recalled");
                    Ok(())
                }
                recalled => recalled,
            }
        };
        self.recalled.get_or_try_init(recalling).await.map(drop)
    }

    async fn recall_now(&self) -> Result<(), ServerFailure> {
        let found = self.newest_note().await?;
        if let Some(note) = found.note {
            self.stretches.recalled(note.stretches());
        }
        Ok(())
    }

    /// The newest note, if its witness stands.
    async fn newest_note(&self) -> Result<NewestNote, ServerFailure> {
        let stream_identifier = StreamIdentifier::of(&self.names.stretches_stream());
        let start = Some(StreamStart::End(Empty {}));
        let subject = Subject::Stream(StreamOptions { stream_identifier, start });
        let Some(event) = self.first_of(self.question(&subject, Direction::Backwards, 1)).await? else {
            return Ok(NewestNote { note: None, expected: Expected::NoStream(Empty {}) });
        };
        let expected = Expected::Revision(event.stream_revision);
        let Ok(note) = serde_json::from_slice::<Note>(&event.data) else {
            return Ok(NewestNote { note: None, expected });
        };
        let stands = self.stands(&note.witness).await?;
        Ok(NewestNote { note: Some(note).filter(|_| stands), expected })
    }

    async fn stands(&self, witness: &Witness) -> Result<bool, ServerFailure> {
        let event = self.event_at(Position::of(witness.position)).await?;
        Ok(event.is_some_and(|event| event.id.as_ref().and_then(Uuid::id) == Some(witness.id)))
    }

    /// Notes what was looked through, once that is much. That it can't be noted stops nothing.
    pub(super) async fn save_if_worth_it(&self) {
        if self.stretches.take_unsaved()
            && let Err(trouble) = self.save().await
        {
            tracing::debug!(?trouble, "what was looked through in vain can't be noted");
        }
    }

    async fn save(&self) -> Result<(), ServerFailure> {
        let NewestNote { note, expected } = self.newest_note().await?;
        self.stretches.recalled(note.iter().flat_map(Note::stretches));
        let Some((end, id)) = self.last_of_anybody().await? else { return Ok(()) };
        let stretches = self.stretches.all().into_iter().filter(|stretch| stretch.to <= end);
        let note = Note {
            witness: Witness { position: end.commit, id },
            stretches: stretches
                .map(|Stretch { from, to }| [from.commit, from.prepare, to.commit, to.prepare])
                .collect(),
        };
        let data =
            serde_json::to_vec(&note).map_err(|error| ServerFailure::Refused(Why::Unwritable(Arc::new(error))))?;
        let event = NewEvent {
            id: new_id(),
            event_type: NOTED.to_owned(),
            data: data.into(),
            metadata: Bytes::from_static(b"{}"),
        };
        // Another node may note something at the same time: one of the two notes stands, and what the other had is noted with the next.
        self.server.append(append_request(&self.names.stretches_stream(), expected, &[event])).await.map(drop)
    }

    async fn last_of_anybody(&self) -> Result<Option<(Position, uuid::Uuid)>, ServerFailure> {
        let event = self.last_event_of_anybody().await?;
        Ok(event.and_then(|event| Some((place(&event), event.id.as_ref()?.id()?))))
    }

    async fn first_of(&self, question: ReadReq) -> Result<Option<super::wire::RecordedEvent>, ServerFailure> {
        let Some(mut answers) = self.server.begin_scan(question, Patience::Endless).await? else { return Ok(None) };
        while let Scanned::Answer(answer) = self.server.next_of_scan(&mut answers, Patience::Endless).await? {
            if let Some(ReadContent::Event(ReadEvent { event: Some(event) })) = answer.content {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }
}
