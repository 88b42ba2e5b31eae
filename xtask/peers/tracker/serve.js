// The reference tracker on a port of its own, which it prints.
import Server from 'bittorrent-tracker/server'

const server = new Server({ udp: false, http: false, ws: true, stats: false })
server.on('error', error => { console.error(error); process.exit(1) })
server.on('listening', () => console.log(`port ${server.ws.address().port}`))
server.listen(0, '127.0.0.1')
