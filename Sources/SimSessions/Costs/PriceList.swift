/// What a provider charges.
public struct PriceList: Hashable, Sendable {
  /// The file's name without its ending.
  public var name: String
  /// ISO 4217, such as `USD`.
  public var currency: String
  /// For each 10^9 bytes (IP layer) that leave the SFU or MCU.
  public var egressPerGigabyte: Double
  /// For each core of the SFU or MCU and hour.
  public var serverPerCoreHour: Double
  /// For each 10^9 bytes (IP layer) that leave the TURN server.
  public var turnEgressPerGigabyte: Double

  init(text: String, file: String, name: String) throws(ScenarioError) {
    let fields = try FieldReader(text: text, file: file).object([
      "currency", "egressPerGigabyte", "serverPerCoreHour", "turnEgressPerGigabyte",
    ])
    func price(_ field: String) throws(ScenarioError) -> Double {
      let allowed = "a price from 0 to 1000000"
      return try fields.required(field, allowed).number(in: 0...1_000_000, allowed)
    }
    self.name = name
    let allowed = "three capital letters of ISO 4217, such as 'USD'"
    let reader = try fields.required("currency", allowed)
    currency = try reader.text(allowed)
    guard currency.utf8.count == 3, currency.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
      throw reader.failure(allowed)
    }
    egressPerGigabyte = try price("egressPerGigabyte")
    serverPerCoreHour = try price("serverPerCoreHour")
    turnEgressPerGigabyte = try price("turnEgressPerGigabyte")
  }
}
