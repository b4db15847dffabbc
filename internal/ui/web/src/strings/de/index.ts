import { account } from './account';
import { audit } from './audit';
import { core } from './core';
import { forms } from './forms';
import { keys } from './keys';
import { modules } from './modules';
import { overview } from './overview';
import { palette } from './palette';
import { resource } from './resource';
import { roles } from './roles';
import { settings } from './settings';
import { system } from './system';
import { users } from './users';
import type { Words } from '../words';
import type { en } from '../en';

/** Deutsch, complete: every feature's file holds the keys of its English one. */
export const de: Words<typeof en> = {
  ...core,
  ...overview,
  ...palette,
  ...forms,
  ...account,
  ...audit,
  ...settings,
  ...modules,
  ...resource,
  ...users,
  ...roles,
  ...keys,
  ...system,
};
