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

/** Every sentence a person can see, feature by feature; core first. Entries with forms are chosen by `count`. */
export const en = {
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
