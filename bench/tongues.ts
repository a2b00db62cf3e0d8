// The languages whose starts and memory are measured.

export interface Tongue {
  readonly name: 'node' | 'python';
  readonly runtime: string;
  /** A function that answers with the path of its interpreter. */
  readonly files: Readonly<Record<string, string>>;
  /** Arguments with which the interpreter starts, does nothing and ends. */
  readonly nothing: readonly string[];
  /** In the command line of each of its instances. */
  readonly bootstrap: RegExp;
}

export const TONGUES: readonly Tongue[] = [
  {
    name: 'node',
    runtime: 'Nodejs18.15',
    files: {
      'index.js':
        'exports.main_handler = async () => ' +
        '({ isBase64Encoded: false, statusCode: 200, headers: {}, body: process.execPath });\n',
    },
    nothing: ['-e', '0'],
    bootstrap: /bootstrap\.[cm]?js/,
  },
  {
    name: 'python',
    runtime: 'Python3.10',
    files: {
      'index.py':
        'import sys\n\ndef main_handler(event, context):\n' +
        '    return {"isBase64Encoded": False, "statusCode": 200, "headers": {}, "body": sys.executable}\n',
    },
    nothing: ['-c', '0'],
    bootstrap: /bootstrap\.py/,
  },
];
