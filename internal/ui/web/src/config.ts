/** What the server wrote into the page for this request. */
export interface Config {
  /** Name of this dashboard. */
  title: string;
  /** Absolute path of the mount, with a slash at both ends. */
  base: string;
  /** The least number of characters of a new password; 0: the server did not say. */
  minPassword: number;
}

function read(): Config {
  let given: Partial<Config> = {};
  try {
    given = JSON.parse(
      document.querySelector('meta[name="dashboard-config"]')?.getAttribute('content') ?? '{}',
    ) as Partial<Config>;
  } catch {
    // A page without its config still works at the root.
  }
  const fallback = document.querySelector('base') ? new URL(document.baseURI).pathname : '/';
  return {
    title: given.title || 'Dashboard',
    base: slashed(given.base || fallback),
    minPassword: given.minPassword ?? 0,
  };
}

function slashed(path: string): string {
  return path.endsWith('/') ? path : path + '/';
}

/** The page's configuration, read once. */
export const config: Config = read();

/** Makes an absolute path of one relative to the mount: `api/v1/panels` becomes `/admin/api/v1/panels`. */
export function inBase(path: string): string {
  return config.base + path;
}
