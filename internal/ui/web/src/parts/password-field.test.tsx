import { render, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import { config } from '../config';
import { NewPasswordField } from './password-field';

const { minPassword } = config;

afterEach(() => {
  config.minPassword = minPassword;
});

it('says beforehand how long a new password must be, as the server has it', () => {
  config.minPassword = 12;
  render(<NewPasswordField label="Password" hint="A long sentence." />);
  const field = screen.getByLabelText('Password');
  const about = document.getElementById(field.getAttribute('aria-describedby') ?? '');
  expect(about?.textContent).toBe('At least 12 characters. A long sentence.');
  expect(field.getAttribute('autocomplete')).toBe('new-password');
});
