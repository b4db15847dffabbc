// What people do on every screen, said once.
import { account } from './server.mjs';

/** Creates the first account through the set-up link. */
export async function setUp(page, server) {
  await page.goto(server.setupLink);
  await page.getByLabel('Name').fill(account.name);
  await page.getByLabel('Email').fill(account.email);
  await page.getByLabel('Password', { exact: true }).fill(account.password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
}

/** Signs in on the sign-in page or in the dialog of a lost session. */
export async function signIn(page) {
  await page.getByLabel('Email').fill(account.email);
  await page.getByLabel('Password', { exact: true }).fill(account.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** Opens an action's dialog on the list of modules and confirms it. */
export async function act(page, op, module) {
  await page.getByRole('button', { name: `${op} ${module}`, exact: true }).click();
  const dialog = page.getByRole('dialog', { name: `${op} ${module}?` });
  await dialog
    .getByRole('button', { name: op, exact: true })

    .click();
  await dialog.waitFor({ state: 'detached' });
}

/** Goes to a screen by a link, as a person does, without loading the document again. */
export async function follow(page, name, heading = name) {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
}

/** Goes to an address as a link would, without loading the document again. */
export function visit(page, url) {
  return page.evaluate((to) => history.pushState(null, '', to), url);
}

/** Answers matching requests with a problem until the returned function is called. */
export async function refuse(page, pattern, status, { slug = 'fault', headers = {}, method, ...extra } = {}) {
  const handler = (route) => {
    if (method && route.request().method() !== method) return route.fallback();
    return route.fulfill({
      status,
      headers: { 'Content-Type': 'application/problem+json', ...headers },
      body: JSON.stringify({
        type: `urn:dashboard:problem:${slug}`,
        title: 'refused',
        status,
        request_id: 'test',
        ...extra,
      }),
    });
  };
  await page.route(pattern, handler);
  return () => page.unroute(pattern, handler);
}

/** Answers matching requests with JSON. */
export async function answer(page, pattern, body, headers = {}) {
  const handler = (route) => route.fulfill({ json: body, headers });
  await page.route(pattern, handler);
  return () => page.unroute(pattern, handler);
}
