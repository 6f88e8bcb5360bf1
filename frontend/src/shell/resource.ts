import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { ApiError, asApiError, get } from './api';

interface Entry {
  data?: unknown;
  error?: ApiError;
  busy: boolean;
}

export interface Resource<T> {
  data: T | undefined;
  error: ApiError | undefined;
  /** A request is under way; with data set, the data is the previous answer. */
  busy: boolean;
  /** The data belongs to another path and stays on screen until the new one is here. */
  stale: boolean;
  reload: () => Promise<void>;
}

const LIMIT = 60;
const EMPTY: Entry = { busy: false };
const entries = new Map<string, Entry>();
const flights = new Map<string, Promise<void>>();
const watchers = new Set<() => void>();

function write(path: string, entry: Entry) {
  entries.delete(path);
  entries.set(path, entry);
  if (entries.size > LIMIT) entries.delete(entries.keys().next().value!);
  watchers.forEach((watch) => watch());
}

function watch(listener: () => void) {
  watchers.add(listener);
  return () => watchers.delete(listener);
}

function load(path: string): Promise<void> {
  const running = flights.get(path);
  if (running) return running;
  write(path, { ...entries.get(path), busy: true });
  const flight = get<unknown>(path)
    .then((data) => write(path, { data, busy: false }))
    .catch((cause: unknown) =>
      write(path, { data: entries.get(path)?.data, error: asApiError(cause), busy: false }),
    )
    .finally(() => flights.delete(path));
  flights.set(path, flight);
  return flight;
}

/** Ask for an answer that will be wanted in a moment. */
export function ahead(path: string) {
  void load(path);
}

/** Put a known answer in place, for example the one a change came back with. */
export function remember(path: string, data: unknown) {
  write(path, { data, busy: false });
}

/** For tests: as if the page had just been opened. */
export function forgetAll() {
  entries.clear();
  flights.clear();
}

/**
 * The answer to GET path: the last known one at once, then a fresh one. With
 * `every`, it is asked for again every so many milliseconds while the page is
 * visible.
 */
export function useResource<T>(path: string, every = 0): Resource<T> {
  const entry = useSyncExternalStore(watch, () => entries.get(path) ?? EMPTY);
  const [kept, setKept] = useState<unknown>(entry.data);
  if (entry.data !== undefined && entry.data !== kept) setKept(entry.data);

  useEffect(() => {
    void load(path);
  }, [path]);

  useEffect(() => {
    if (every === 0) return;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void load(path);
    }, every);
    return () => clearInterval(timer);
  }, [path, every]);

  const reload = useCallback(() => load(path), [path]);
  const stale = entry.data === undefined && entry.error === undefined && kept !== undefined;
  return {
    data: (entry.data ?? (stale ? kept : undefined)) as T | undefined,
    error: entry.error,
    busy: entry.busy || (entry.data === undefined && entry.error === undefined),
    stale,
    reload,
  };
}
