//! From positions of the running code back to the author's file.

/// A place in a file of the connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The file, as its module is named.
    pub file: String,
    /// 1 for the first line.
    pub line: u32,
    /// 1 for the first column; counted in UTF-16 units, as editors and script engines do.
    pub column: u32,
}

/// Where the pieces of a module's code come from. Lines and columns are 1-based.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PositionMap {
    /// Ordered by place in the code; `None` when code and file have the same lines and columns.
    segments: Option<Box<[Segment]>>,
    /// Text that was put into the file before anything else.
    inserted: Option<Inserted>,
}

/// From here to the next segment, code and file run in step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) source_line: u32,
    pub(crate) source_column: u32,
}

/// Text without a line break that stands in the processed text but not in the author's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inserted {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) width: u32,
}

impl Inserted {
    fn undo(self, line: u32, column: u32) -> (u32, u32) {
        if line != self.line || column < self.column {
            return (line, column);
        }
        (line, column.saturating_sub(self.width).max(self.column))
    }
}

impl PositionMap {
    /// Code that is the file as it stands.
    pub(crate) fn same() -> Self {
        Self::default()
    }

    /// Code with a piece for each segment; segments that only continue the one before are dropped.
    pub(crate) fn mapped(segments: impl IntoIterator<Item = Segment>) -> Self {
        let mut kept: Vec<Segment> = Vec::new();
        for segment in segments {
            if !kept.last().is_some_and(|last| last.reaches(segment)) {
                kept.push(segment);
            }
        }
        Self {
            segments: Some(kept.into_boxed_slice()),
            inserted: None,
        }
    }

    pub(crate) fn with_inserted(mut self, inserted: Option<Inserted>) -> Self {
        self.inserted = inserted;
        self
    }

    /// The line and column in the author's file; `None` for code that is not from there.
    pub(crate) fn locate(&self, line: u32, column: u32) -> Option<(u32, u32)> {
        let (line, column) = match &self.segments {
            None => (line, column),
            Some(segments) => lookup(segments, line, column)?,
        };
        Some(
            self.inserted
                .map_or((line, column), |inserted| inserted.undo(line, column)),
        )
    }
}

impl Segment {
    /// Whether `next` is where this segment would end up by running on.
    fn reaches(self, next: Self) -> bool {
        self.line == next.line
            && self.source_line == next.source_line
            && self.column <= next.column
            && self.source_column.checked_add(next.column - self.column) == Some(next.source_column)
    }
}

fn lookup(segments: &[Segment], line: u32, column: u32) -> Option<(u32, u32)> {
    let after =
        segments.partition_point(|segment| (segment.line, segment.column) <= (line, column));
    let found = match after.checked_sub(1).and_then(|index| segments.get(index)) {
        Some(found) if found.line == line => *found,
        // Before the first piece of its line (indentation): that piece is what the line is about.
        _ => {
            return segments
                .get(after)
                .filter(|next| next.line == line)
                .map(source_of);
        }
    };
    let mut source_column = found.source_column.saturating_add(column - found.column);
    // Never run past the place where the following piece starts: what lies between was generated.
    if let Some(next) = segments.get(after)
        && next.source_line == found.source_line
        && next.source_column > found.source_column
    {
        source_column = source_column.min(next.source_column);
    }
    Some((found.source_line, source_column))
}

fn source_of(segment: &Segment) -> (u32, u32) {
    (segment.source_line, segment.source_column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(line: u32, column: u32, source_line: u32, source_column: u32) -> Segment {
        Segment {
            line,
            column,
            source_line,
            source_column,
        }
    }

    #[test]
    fn code_without_segments_is_where_it_was() {
        assert_eq!(PositionMap::same().locate(7, 9), Some((7, 9)));
    }

    #[test]
    fn text_put_in_front_is_taken_off_its_line_only() {
        let inserted = Inserted {
            line: 2,
            column: 3,
            width: 10,
        };
        let map = PositionMap::same().with_inserted(Some(inserted));
        assert_eq!(map.locate(2, 2), Some((2, 2)));
        assert_eq!(map.locate(2, 8), Some((2, 3)), "inside the inserted text");
        assert_eq!(map.locate(2, 15), Some((2, 5)));
        assert_eq!(map.locate(3, 15), Some((3, 15)));
    }

    #[test]
    fn segments_in_step_are_kept_once() {
        let map = PositionMap::mapped([
            segment(1, 1, 4, 1),
            segment(1, 5, 4, 5),
            segment(1, 9, 4, 20),
            segment(2, 3, 5, 3),
        ]);
        assert_eq!(map.segments.as_deref().map(<[_]>::len), Some(3));
        assert_eq!(map.locate(1, 6), Some((4, 6)));
        assert_eq!(map.locate(1, 11), Some((4, 22)));
        assert_eq!(
            map.locate(2, 1),
            Some((5, 3)),
            "indentation belongs to what follows"
        );
        assert_eq!(map.locate(3, 1), None);
    }

    #[test]
    fn generated_text_does_not_run_past_what_follows_it() {
        let map = PositionMap::mapped([segment(1, 1, 1, 1), segment(1, 40, 1, 8)]);
        assert_eq!(map.locate(1, 30), Some((1, 8)));
    }
}
