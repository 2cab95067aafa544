//! How many records there are, each of as many fields as the first: found out in constant memory,
//! before anything is kept.

use csv_core::{ReadFieldResult, ReaderBuilder};

/// What there is to be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Extents {
    pub fields: usize,
    pub records: usize,
}

/// The extents, or where the first record starts that cannot be, and why. At most `most` fields a record.
pub(super) fn measure(bytes: &[u8], delimiter: u8, most: usize) -> Result<Extents, (usize, String)> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).build();
    let mut extents = Extents { fields: 0, records: 0 };
    let (mut at, mut start, mut fields, mut sink) = (0, 0, 0, [0; 1024]);
    loop {
        // OK because a reader reads no more than it is given. An empty rest tells it that this is the end.
        let (result, read, _) = reader.read_field(bytes.get(at..).unwrap_or_default(), &mut sink);
        at += read;
        let ReadFieldResult::Field { record_end } = result else {
            match result {
                ReadFieldResult::End => return Ok(extents),
                _ => continue, // more of the same field
            }
        };
        fields += 1;
        if fields > most {
            return Err((start, format!("more than {most} fields; is it a CSV file?")));
        }
        if record_end {
            if extents.records == 0 {
                extents.fields = fields;
            } else if fields != extents.fields {
                return Err((start, format!("{fields} fields, where the first line has {}", extents.fields)));
            }
            extents.records += 1;
            (start, fields) = (at, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, extents: Result<(usize, usize), usize>) {
        let found = measure(text.as_bytes(), b',', 5);
        let found = found.map(|found| (found.fields, found.records)).map_err(|(at, _)| at);
        assert_eq!(found, extents, "{text:?}");
    }

    #[test]
    fn records_and_fields_are_counted_as_they_will_be_read() {
        check("", Ok((0, 0)));
        check("a", Ok((1, 1)));
        check("a,b\n", Ok((2, 1)));
        check("a,b\r\n1,2\r\n", Ok((2, 2)));
        check("\n\na,b\n\n1,2", Ok((2, 2)));
        check("\"a\nb\",\"c,d\"\n1,\"2", Ok((2, 2)));
        check(&format!("{},b\n1,2\n", "a".repeat(5000)), Ok((2, 2)));
        check("a,b\n1,2,3\n", Err(4));
        check("a,b\n1\n", Err(4));
        check("1,2,3,4,5\n", Ok((5, 1)));
        check("1,2,3,4,5,6\n", Err(0));
    }
}
