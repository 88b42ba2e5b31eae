import init from '/swarm.js'
import { start } from '/worker-start.js'
start(init)
