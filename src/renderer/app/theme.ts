import { Button, type CSSVariablesResolver, createTheme, Input } from '@mantine/core'

const buttonText: Readonly<Record<string, string>> = { xs: '13px', 'compact-xs': '12px' }

/** Neutral surfaces, and one accent for what can be pressed. Colour besides it means state: see theme.css. */
export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 5 },
  colors: {
    accent: [
      '#eef0fd',
      '#dcdff8',
      '#b7bdf1',
      '#98a1ee',
      '#8791ec',
      '#7079e0',
      '#5c64d6',
      '#4a51c0',
      '#3e44a6',
      '#30358a',
    ],
    dark: [
      '#e4e6e9',
      '#c6cacf',
      '#a3a9b1',
      '#7f868f',
      '#4b525b',
      '#343a42',
      '#1f2328',
      '#1a1d22',
      '#14171a',
      '#0f1113',
    ],
  },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  fontSizes: { xs: '11.5px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  headings: {
    fontWeight: '600',
    sizes: { h1: { fontSize: '20px' }, h2: { fontSize: '16px' }, h3: { fontSize: '14px' } },
  },
  defaultRadius: 4,
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    // What is pressed and typed is read like everything else: in the dense size, 13 px.
    Button: Button.extend({
      defaultProps: { size: 'xs', variant: 'default' },
      vars: (_theme, { size }) => ({ root: { ...(size && buttonText[size] && { '--button-fz': buttonText[size] }) } }),
    }),
    Input: Input.extend({
      vars: (_theme, { size }) => ({ wrapper: { ...(size === 'xs' && { '--input-fz': '13px' }) } }),
    }),
    ActionIcon: { defaultProps: { size: 28, variant: 'subtle', color: 'gray' } },
    // What a field says about itself is read as often as what is in it: not smaller than the dense size.
    InputWrapper: {
      vars: () => ({
        label: {},
        error: { '--input-error-size': '13px' },
        description: { '--input-description-size': '13px' },
      }),
    },
    TextInput: { defaultProps: { size: 'xs' } },
    PasswordInput: { defaultProps: { size: 'xs' } },
    FileInput: { defaultProps: { size: 'xs' } },
    Textarea: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: { size: 'xs' } },
    SegmentedControl: { defaultProps: { size: 'xs' } },
    Checkbox: { defaultProps: { size: 'xs' } },
    Modal: {
      defaultProps: {
        centered: true,
        padding: 'lg',
        // The page itself never scrolls; locking it would need an inline style, which the page's policy forbids.
        lockScroll: false,
        transitionProps: { duration: 0 },
        overlayProps: { backgroundOpacity: 0.5 },
      },
    },
    Menu: { defaultProps: { shadow: 'md', transitionProps: { duration: 0 }, position: 'bottom-start' } },
    Popover: { defaultProps: { shadow: 'md', transitionProps: { duration: 0 } } },
    Tooltip: {
      defaultProps: {
        openDelay: 400,
        transitionProps: { duration: 0 },
        events: { hover: true, focus: true, touch: false },
      },
    },
  },
})

/** Mantine's own surfaces, put onto ours. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: { '--mantine-line-height': '1.45' },
  light: {
    '--mantine-color-body': 'var(--wh-panel)',
    '--mantine-color-text': 'var(--wh-text)',
    '--mantine-color-dimmed': 'var(--wh-dim)',
    '--mantine-color-default-border': 'var(--wh-line-strong)',
  },
  dark: {
    '--mantine-color-body': 'var(--wh-panel)',
    '--mantine-color-text': 'var(--wh-text)',
    '--mantine-color-dimmed': 'var(--wh-dim)',
    '--mantine-color-default-border': 'var(--wh-line-strong)',
    '--mantine-color-default': 'var(--wh-raised)',
  },
})

/** The nonce that the host put into this response; styles that are made while the page runs carry it. */
export function styleNonce(): string {
  return document.querySelector('meta[name="csp-nonce"]')?.getAttribute('content') ?? ''
}
