// What is taken for the type of an object whose writer did not say: by the ending of its key, as the cloud does.

const BY_ENDING: Readonly<Record<string, string>> = {
  ...{ txt: 'text/plain', log: 'text/plain', text: 'text/plain', md: 'text/markdown', csv: 'text/csv' },
  ...{ html: 'text/html', htm: 'text/html', css: 'text/css', xml: 'application/xml', ics: 'text/calendar' },
  ...{ js: 'application/javascript', mjs: 'application/javascript', json: 'application/json' },
  ...{ map: 'application/json', wasm: 'application/wasm', pdf: 'application/pdf', rtf: 'application/rtf' },
  ...{ png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp' },
  ...{ svg: 'image/svg+xml', ico: 'image/x-icon', bmp: 'image/bmp', tif: 'image/tiff', tiff: 'image/tiff' },
  ...{ avif: 'image/avif', heic: 'image/heic', heif: 'image/heif', psd: 'image/vnd.adobe.photoshop' },
  ...{ mp3: 'audio/mpeg', wav: 'audio/x-wav', ogg: 'audio/ogg', m4a: 'audio/mp4', aac: 'audio/x-aac' },
  ...{ flac: 'audio/x-flac', mid: 'audio/midi', amr: 'audio/amr', weba: 'audio/webm' },
  ...{ mp4: 'video/mp4', mpeg: 'video/mpeg', mpg: 'video/mpeg', mov: 'video/quicktime', avi: 'video/x-msvideo' },
  ...{ wmv: 'video/x-ms-wmv', flv: 'video/x-flv', mkv: 'video/x-matroska', webm: 'video/webm', ts: 'video/mp2t' },
  ...{ '3gp': 'video/3gpp', m3u8: 'application/vnd.apple.mpegurl', m4v: 'video/x-m4v' },
  ...{ zip: 'application/zip', gz: 'application/gzip', tgz: 'application/gzip', tar: 'application/x-tar' },
  ...{ bz2: 'application/x-bzip2', '7z': 'application/x-7z-compressed', rar: 'application/x-rar-compressed' },
  ...{ jar: 'application/java-archive', apk: 'application/vnd.android.package-archive' },
  ...{ doc: 'application/msword', xls: 'application/vnd.ms-excel', ppt: 'application/vnd.ms-powerpoint' },
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  ...{ ttf: 'font/ttf', otf: 'font/otf', woff: 'font/woff', woff2: 'font/woff2' },
};

/** undefined where the ending says nothing. */
export function mediaTypeOf(key: string): string | undefined {
  const [, ending = ''] = /\.([A-Za-z0-9]{1,5})$/.exec(key) ?? [];
  const name = ending.toLowerCase();
  return Object.hasOwn(BY_ENDING, name) ? BY_ENDING[name] : undefined;
}
