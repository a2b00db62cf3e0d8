// One small server with all that it needs, instead of the whole of node_modules.
module.exports = { output: 'standalone' };
