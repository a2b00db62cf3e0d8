exports.main_handler = async (event, context) => {
  console.log('event:', JSON.stringify(event));
  return { greeting: `Hello, ${event.name ?? 'world'}!`, from: context.function_name };
};
