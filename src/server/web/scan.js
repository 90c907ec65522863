// Reads a QR code with the camera or from a picture. By a module of this page's own where the browser has no reader, which
// is most of them; pictures stay on this device. What the code says is for the page to judge.
import { readQr } from "./core.js";

/** Longest side that is looked at, pixels: enough for a code that a person holds up. */
const SIDE = 1024;
const canvas = document.createElement("canvas");

/** The text in what a canvas can draw (a video, a picture), or "". */
async function read(source, width, height) {
  const scale = Math.min(1, SIDE / Math.max(width, height));
  [canvas.width, canvas.height] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return readQr(context.getImageData(0, 0, canvas.width, canvas.height));
}

/** The text of a code in a picture file, or "". */
export async function fromPicture(file) {
  const picture = await createImageBitmap(file);
  try {
    return await read(picture, picture.width, picture.height);
  } finally {
    picture.close();
  }
}

/** Looks through a video until it shows a code, or until `going` says no; the text, or "". */
export async function fromVideo(video, going) {
  while (going()) {
    const text = video.videoWidth ? await read(video, video.videoWidth, video.videoHeight) : "";
    if (text) return text;
    await new Promise((next) => setTimeout(next, 100));
  }
  return "";
}
