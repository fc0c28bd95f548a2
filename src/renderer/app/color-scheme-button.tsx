import { ActionIcon, type MantineColorScheme, Tooltip, useMantineColorScheme } from '@mantine/core'
import { IconBrightness, IconMoon, IconSun } from '@tabler/icons-react'

const next: Record<MantineColorScheme, MantineColorScheme> = { auto: 'light', light: 'dark', dark: 'auto' }
const icons = { auto: IconBrightness, light: IconSun, dark: IconMoon }
const names: Record<MantineColorScheme, string> = { auto: 'as the system', light: 'light', dark: 'dark' }

/** Goes through: as the system, light, dark. */
export function ColorSchemeButton() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const Icon = icons[colorScheme]
  const label = `Colours: ${names[colorScheme]}. Press for ${names[next[colorScheme]]}`
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={() => setColorScheme(next[colorScheme])}>
        <Icon size={17} stroke={1.6} />
      </ActionIcon>
    </Tooltip>
  )
}
