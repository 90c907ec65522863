//! Reads a QR code from a grey picture: for the page's camera, where the browser cannot do it itself.
//!
//! A module of its own beside that of `xuefen-wasm`, loaded when somebody scans: whoever checks a file needs none of it, and
//! what reads pictures of strangers has no part in a check. It imports nothing either.

#[path = "../../wasm/src/abi.rs"]
mod abi;

use rqrr::PreparedImage;

/// Most pixels: a frame of a camera, halved until it is below.
const MAX_PIXELS: usize = 1 << 21;

/// The text of the first QR code in a picture, or nothing. A picture is its width as u32be, then a byte of grey a pixel, row
/// by row.
#[must_use]
pub fn answer(request: &[u8]) -> Vec<u8> {
    read(request).unwrap_or_default()
}

fn read(request: &[u8]) -> Option<Vec<u8>> {
    let (width, grey) = request.split_first_chunk::<4>()?;
    let width = usize::try_from(u32::from_be_bytes(*width)).ok()?;
    let height = grey.len().checked_div(width)?;
    if grey.is_empty() || width * height != grey.len() || grey.len() > MAX_PIXELS {
        return None;
    }
    let mut picture = PreparedImage::prepare_from_greyscale(width, height, |x, y| grey[y * width + x]);
    picture.detect_grids().iter().find_map(|grid| {
        let mut text = Vec::new();
        grid.decode_to(&mut text).ok()?;
        Some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use qrcode::{Color, QrCode};

    const LINK: &str = "https://xuefen.province.example:8443/verify#grant=ABCDE-FGHJK-MNPQR-STVWX";

    /// A code of `scale` pixels a module in the middle of a light picture.
    fn picture(text: &str, scale: usize) -> (usize, Vec<u8>) {
        let code = QrCode::new(text).unwrap();
        let (modules, colours) = (code.width(), code.to_colors());
        let width = (modules + 8) * scale;
        let dark = |x: usize, y: usize| {
            let (x, y) = ((x / scale).checked_sub(4), (y / scale).checked_sub(4));
            x.zip(y).is_some_and(|(x, y)| x < modules && y < modules && colours[y * modules + x] == Color::Dark)
        };
        let pixels = (0..width * width).map(|at| if dark(at % width, at / width) { 40 } else { 210 });
        (width, pixels.collect())
    }

    fn request(width: usize, grey: &[u8]) -> Vec<u8> {
        [&u32::try_from(width).unwrap().to_be_bytes()[..], grey].concat()
    }

    #[test]
    fn a_link_is_read_at_any_size_and_with_a_stain() {
        for scale in [2, 4, 9] {
            let (width, mut grey) = picture(LINK, scale);
            assert_eq!(answer(&request(width, &grey)), LINK.as_bytes(), "{scale}");
            // A few modules away from the corners.
            let middle = width / 2;
            (middle..middle + 3 * scale).for_each(|x| grey[middle * width + x] = 0);
            assert_eq!(answer(&request(width, &grey)), LINK.as_bytes(), "{scale}, stained");
        }
    }

    #[test]
    fn what_is_no_picture_or_has_no_code_reads_as_nothing() {
        let (width, grey) = picture(LINK, 3);
        for bad in [
            Vec::new(),
            vec![0; 3],
            request(0, &grey),
            request(width + 1, &grey),
            request(width, &[]),
            request(64, &[128; 64 * 64]),
            request(1 << 20, &vec![0; 4 << 20]),
        ] {
            assert_eq!(answer(&bad), b"");
        }
    }

    #[test]
    fn noise_is_read_without_a_panic() {
        let (width, grey) = picture(LINK, 3);
        let mut state = 1_u64;
        for round in 0..200_usize {
            let mut grey = grey.clone();
            for _ in 0..round * 4 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = usize::try_from(state >> 33).unwrap() % grey.len();
                grey[at] = (state >> 20).to_le_bytes()[0];
            }
            let _text = answer(&request(width, &grey));
        }
    }
}
