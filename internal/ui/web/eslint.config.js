import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const words = '/[A-Za-z]{2,}/';
const catalog = 'Put visible text in src/strings/en.';

export default tseslint.config(
  { ignores: ['node_modules', 'build', 'src/api/schema.gen.ts'] },
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [...tseslint.configs.strict, ...tseslint.configs.stylistic],
    plugins: { 'react-hooks': reactHooks },
    rules: {
      ...reactHooks.configs.recommended.rules,
      eqeqeq: 'error',
      'no-restricted-properties': [
        'error',
        { property: 'innerHTML', message: 'Trusted Types refuse it.' },
        { property: 'outerHTML', message: 'Trusted Types refuse it.' },
        { property: 'dangerouslySetInnerHTML', message: 'Trusted Types refuse it.' },
      ],
    },
  },
  {
    files: ['src/**/*.tsx'],
    // The gallery is for those who work on the components.
    ignores: ['src/**/*.test.tsx', 'src/gallery/**', 'src/screens/gallery.tsx'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: `JSXText[value=${words}]`, message: catalog },
        {
          selector: `JSXAttribute[name.name=/^(aria-label|placeholder|title|alt|label)$/] > Literal[value=${words}]`,
          message: catalog,
        },
        {
          selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]',
          message: 'Trusted Types refuse it.',
        },
      ],
    },
  },
);
