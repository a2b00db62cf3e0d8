exports.main_handler = async event => {
  console.log(`${event.TriggerName} ticked at ${event.Time}: ${event.Message}`);
  return 'ok';
};
