// Where new files go. Those that are written at the same time go into one folder: it is opened once for all of them, and who
// waits for its sync shares it.

import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ids } from '../core/ids.ts';
import { type Disk, syncDir } from './durable.ts';

/** A folder that is never left would get all files of a busy day. */
const FILES_IN_A_ROW = 64;

export interface Place {
  /** 32 hex digits, the first two of which name the folder. */
  readonly name: string;
  readonly path: string;
  /** Makes last what the folder names when it is called. */
  sync(): Promise<void>;
  /** Whether or not a file has come there. */
  leave(): Promise<void>;
}

export class Places {
  readonly #dir: string;
  readonly #disk: Disk;
  readonly #ids: Ids;
  /** Durable, or becoming so. */
  readonly #made = new Map<string, Promise<void>>();
  #current: Folder | undefined;

  constructor(dir: string, disk: Disk, ids: Ids) {
    this.#dir = dir;
    this.#disk = disk;
    this.#ids = ids;
  }

  /** 120 bits of chance: nobody has had the name. */
  async take(): Promise<Place> {
    const folder = this.#folder();
    const name = `${folder.name}${this.#ids.bytes(15).toString('hex')}`;
    const handle = await folder.enter();
    return {
      name,
      path: join(this.#dir, folder.name, name),
      sync: () => folder.sync(handle),
      leave: () => folder.leave(),
    };
  }

  #folder(): Folder {
    if (!this.#current?.isOpen) {
      const name = this.#ids.bytes(1).toString('hex');
      this.#current = new Folder(name, () => this.#open(name));
    }
    return this.#current;
  }

  async #open(name: string): Promise<FileHandle> {
    let made = this.#made.get(name);
    if (!made) {
      made = this.#make(name).catch(error => {
        this.#made.delete(name);
        throw error;
      });
      this.#made.set(name, made);
    }
    await made;
    return this.#disk.open(join(this.#dir, name), 'r');
  }

  async #make(name: string): Promise<void> {
    await this.#disk.mkdir(join(this.#dir, name), { recursive: true });
    // Also of one that is there: a crash may have come before this.
    await syncDir(this.#disk, this.#dir);
  }
}

/** Open as long as somebody is in it. */
class Folder {
  readonly name: string;
  readonly #open: () => Promise<FileHandle>;
  #handle: Promise<FileHandle> | undefined;
  #entered = 0;
  #inside = 0;
  #failed = false;
  #syncing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(name: string, open: () => Promise<FileHandle>) {
    this.name = name;
    this.#open = open;
  }

  get isOpen(): boolean {
    return !this.#failed && this.#entered < FILES_IN_A_ROW && (this.#inside > 0 || this.#entered === 0);
  }

  async enter(): Promise<FileHandle> {
    this.#entered++;
    this.#inside++;
    this.#handle ??= this.#open();
    try {
      return await this.#handle;
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  async leave(): Promise<void> {
    if (--this.#inside > 0) return;
    const handle = await this.#handle;
    await handle?.close();
  }

  /**
   * What is under way may have begun before the caller's file came: then the next one is its, and that of all who ask meanwhile.
   * Once one has failed all do: the system may have dropped what it could not write, and says so once.
   */
  sync(handle: FileHandle): Promise<void> {
    if (!this.#syncing) return this.#begin(handle);
    this.#next ??= this.#syncing.then(() => this.#begin(handle));
    return this.#next;
  }

  #begin(handle: FileHandle): Promise<void> {
    this.#next = undefined;
    const syncing = handle.sync();
    this.#syncing = syncing;
    syncing.then(
      () => {
        if (this.#syncing === syncing) this.#syncing = undefined;
      },
      () => {
        this.#failed = true;
      },
    );
    return syncing;
  }
}
