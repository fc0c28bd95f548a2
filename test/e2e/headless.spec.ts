import { needs } from '../support/needs.ts'
import { launchHeadless } from './headless-desk.ts'
import { consoleStory } from './story.ts'

consoleStory('headless', launchHeadless, needs('chromium', 'mosquitto_pub'))
