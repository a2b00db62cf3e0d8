// The libraries that the cloud preinstalls, by runtime. Documented: "Notes on Node.js" (product 583, page 11060) and
// "Runtime Environment" of Python (583, pages 11061 and 40323). Node.js ≥ 14.18 and Python ≥ 3.7 have none there; what
// old code is moved to them with is offered all the same.

export interface Library {
  readonly name: string;
  /** The documented one; left out where the vendor has taken it back, so that the newest is installed. */
  readonly version?: string;
  /** Top-level modules, if their name is another. */
  readonly imports?: readonly string[];
  /** Taken ready-made or not at all: nobody's compiler is asked for. */
  readonly binary?: true;
  /** Without its dependencies, which it pins to versions that are gone. */
  readonly alone?: true;
}

/** Documented, and not installed: functions that use one bring it in their package or in a layer. */
export interface Absent {
  readonly name: string;
  readonly imports?: readonly string[];
}

export interface Stock {
  readonly tool: 'npm' | 'pip';
  readonly libraries: readonly Library[];
  readonly absent: readonly Absent[];
}

/** `name@version` or `name==version`, by lines; the rest of a row says what is special about it. */
const pinned = (separator: string, text: string): Library[] =>
  text
    .trim()
    .split(/\s+/)
    .map(row => {
      const [name = '', version] = row.split(separator);
      return version === undefined ? { name } : { name, version };
    });

/**
 * The list of 12.16; those of older versions differ in versions, and all of these run there. The SDK's own version
 * there is no longer published: this is the last with that interface, and newer ones do not run on these.
 */
const NODE_OLD: Stock = {
  tool: 'npm',
  libraries: pinned(
    '@',
    `cos-nodejs-sdk-v5@2.5.20 base64-js@1.3.1 buffer@5.5.0 crypto-browserify@3.12.0 ieee754@1.1.13 imagemagick@0.1.3
     isarray@2.0.5 jmespath@0.15.0 lodash@4.17.15 microtime@3.0.0 punycode@2.1.1 qcloudapi-sdk@0.2.1 querystring@0.2.0
     request@2.88.2 sax@1.2.4 tencentcloud-sdk-nodejs@3.0.270 url@0.11.0 uuid@7.0.3 xml2js@0.4.23 xmlbuilder@15.1.0`,
  ),
  // A tool; and a driver of a browser of 100 MB that its install script downloads.
  absent: [{ name: 'npm' }, { name: 'puppeteer' }],
};

const NODE_NEW: Stock = {
  tool: 'npm',
  libraries: pinned('@', 'cos-nodejs-sdk-v5 tencentcloud-sdk-nodejs'),
  absent: [],
};

const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  'absl-py': ['absl'],
  'cos-python-sdk-v5': ['qcloud_cos', 'qcloud_cos_v5'],
  futures: ['concurrent'],
  Markdown: ['markdown'],
  Pillow: ['PIL'],
  protobuf: ['google'],
  'psycopg2-binary': ['psycopg2'],
  pyaml: ['pyaml'],
  PyMySQL: ['pymysql'],
  PyYAML: ['yaml'],
  'qcloud-image': ['qcloud_image'],
  'qcloudsms-py': ['qcloudsms_py'],
  'serverless-db-sdk': ['serverless_db_sdk'],
  'tencentcloud-sdk-python': ['tencentcloud'],
  Werkzeug: ['werkzeug'],
};
const BINARY = new Set(['cffi', 'cryptography', 'numpy', 'Pillow', 'psycopg2-binary']);

const pip = (text: string): Library[] =>
  pinned('==', text).map(one => ({
    ...one,
    ...(IMPORTS[one.name] && { imports: IMPORTS[one.name] ?? [] }),
    ...(BINARY.has(one.name) && { binary: true as const }),
    ...(one.name === 'tencentserverless' && { alone: true as const }),
  }));

/** Tools; what is built with C libraries of the system; what is far larger than all the rest; what is not public. */
const PYTHON_ABSENT: readonly Absent[] = [
  { name: 'pip' },
  { name: 'setuptools' },
  { name: 'wheel' },
  { name: 'mysqlclient', imports: ['MySQLdb'] },
  { name: 'pycurl' },
  { name: 'pygpgme', imports: ['gpgme'] },
  { name: 'urlgrabber' },
  { name: 'iniparse' },
  { name: 'gast' },
  { name: 'grpcio', imports: ['grpc'] },
  { name: 'tensorboard' },
  { name: 'tensorflow' },
  { name: 'tensorflow-serving-api', imports: ['tensorflow_serving'] },
  { name: 'cassdk' },
];

const PYTHON_36: Stock = {
  tool: 'pip',
  libraries: pip(`absl-py==0.2.2 asn1crypto==0.24.0 astor==0.7.1 bleach==1.5.0 certifi==2019.3.9 cffi==1.12.2
    chardet==3.0.4 cos-python-sdk-v5==1.6.6 cryptography==2.6.1 dicttoxml==1.7.4 html5lib==0.9999999 idna==2.8
    Markdown==2.6.11 numpy==1.15.0 Pillow==6.0.0 protobuf==3.6.0 psycopg2-binary==2.8.2 pycparser==2.19 PyMySQL==0.9.3
    pytz==2019.1 qcloud-image==1.0.0 qcloudsms-py==0.1.3 requests==2.21.0 serverless-db-sdk six==1.12.0
    tencentcloud-sdk-python tencentserverless==0.1.4 termcolor==1.1.0 urllib3==1.24.2 Werkzeug==0.14.1`),
  absent: PYTHON_ABSENT,
};

const PYTHON_27: Stock = {
  tool: 'pip',
  libraries: pip(`absl-py==0.2.2 asn1crypto==0.24.0 astor==0.7.1 backports.ssl-match-hostname==3.4.0.2
    backports.weakref==1.0.post1 bleach==1.5.0 certifi==2017.11.5 cffi==1.12.2 chardet==3.0.4 cos-python-sdk-v5==1.6.6
    cryptography==2.6.1 dicttoxml==1.7.4 enum34==1.1.6 funcsigs==1.0.2 futures==3.2.0 html5lib==0.9999999 idna==2.6
    ipaddress==1.0.22 Markdown==2.6.11 mock==2.0.0 nose==1.3.7 numpy==1.14.5 ordereddict==1.1 pbr==4.1.0 Pillow==6.0.0
    protobuf==3.6.0 psycopg2-binary==2.8.2 pyaml==19.4.1 pycparser==2.19 PyMySQL==0.9.3 pytz==2019.1 PyYAML==5.1
    qcloud-image==1.0.0 qcloudsms-py==0.1.3 requests==2.18.4 serverless-db-sdk six==1.11.0 tencentcloud-sdk-python
    tencentserverless==0.1.4 termcolor==1.1.0 urllib3==1.22 Werkzeug==0.14.1`),
  absent: PYTHON_ABSENT,
};

const PYTHON_NEW: Stock = {
  tool: 'pip',
  libraries: pip('cos-python-sdk-v5 requests tencentcloud-sdk-python'),
  absent: [],
};

/** undefined for a runtime of another language. */
export function stockOf(runtime: string): Stock | undefined {
  const [, language, major = 0, minor = 0] = /^(Nodejs|Python)(\d+)\.(\d+)$/.exec(runtime) ?? [];
  if (language === 'Nodejs') return Number(major) < 14 ? NODE_OLD : NODE_NEW;
  if (language !== 'Python') return undefined;
  if (Number(major) === 2) return PYTHON_27;
  return Number(minor) < 7 ? PYTHON_36 : PYTHON_NEW;
}
